package io.mirrorbootstrap.mirror;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import jakarta.inject.Singleton;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.MirrorState.Bootstrapping;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Inventory;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.smallrye.mutiny.subscription.Cancellable;

/** What each mirror is doing, as the events of its transfers tell. Any thread; reading never waits for a transfer. */
@Singleton
public class StatusBoard implements TransferListener {

    private static final Logger LOG = Logger.getLogger(StatusBoard.class);

    /**
     * How many rows there may be; a mirror that has no snapshot and receives none makes room for another. A source that
     * tries name after name must not fill the memory.
     */
    public static final int MAX_ROWS = Inventory.MAX_DATABASES;

    /** So many rows that have changed since, or are gone, are still told, in all: who looks soon hears of each state. */
    public static final int MAX_PAST = 16;

    /**
     * So many databases whose rows are gone are told to be gone: whoever looks four times a second hears of each while fewer than 16,000
     * others come and go in a second, more than twice as many as docs/security.md has measured. 2 MiB at most.
     */
    public static final int MAX_GONE = 4000;

    private final Map<DatabaseId, Mirror> mirrors = new ConcurrentHashMap<>();
    /** The same rows, the past ones, and that rows are gone, by the number of the change. */
    private final ConcurrentNavigableMap<Long, Change> byChange = new ConcurrentSkipListMap<>();
    /** Guarded by this. */
    private final Deque<Change> past = new ArrayDeque<>();
    /** Guarded by this. */
    private final Map<DatabaseId, Gone> gone = new LinkedHashMap<>();
    private volatile long goneForgottenUpTo;
    private final Set<Consumer<Change>> watchers = new CopyOnWriteArraySet<>();
    private final AtomicLong changes = new AtomicLong();
    private final NextRow nextRow = new NextRow(changes::incrementAndGet);
    private final String series = Long.toHexString(ThreadLocalRandom.current().nextLong());

    /** Whether {@code database} has a row, or there is room for one more. */
    boolean hasPlaceFor(DatabaseId database) {
        return mirrors.containsKey(database) || mirrors.size() < MAX_ROWS
                || mirrors.values().stream().anyMatch(NextRow::isForgettable);
    }

    /** All mirrors, by name. */
    public List<Mirror> mirrors() {
        return mirrors.values().stream().sorted(Comparator.comparing(mirror -> mirror.database().value())).toList();
    }

    /** One mirror, if it has a row. */
    public Optional<Mirror> mirror(DatabaseId database) {
        return Optional.ofNullable(mirrors.get(database));
    }

    /**
     * The first change after {@code change}, of those whose rows are there or were until lately. Whoever goes from change to change by it
     * finds each row that is there: none appears with a lower number than one that is there.
     */
    public Optional<Change> after(long change) {
        return Optional.ofNullable(byChange.higherEntry(change)).map(Map.Entry::getValue);
    }

    /** Up to this change it is not told any more which rows are gone. */
    public long goneForgottenUpTo() {
        return goneForgottenUpTo;
    }

    /** Whether {@code row} is on the board, unchanged. */
    public boolean isThere(Mirror row) {
        return mirrors.get(row.database()) == row;
    }

    /** Names the numbers of its changes: another board, as of another process, has others. Letters and digits, at most 16. */
    public String series() {
        return series;
    }

    /** The number of the last change. */
    public long lastChange() {
        return changes.get();
    }

    /**
     * Tells {@code watcher} each change, from now on: {@link #mirror} has its row by then, or a later one. It is called on a
     * transfer's thread, with its lock held: it must return at once. An exception of it is logged, and harms neither the transfer nor
     * other watchers.
     *
     * @return ends the watch
     */
    public Cancellable watch(Consumer<Change> watcher) {
        watchers.add(watcher);
        return () -> watchers.remove(watcher);
    }

    @Override
    public void on(TransferEvent event) {
        // a watcher finds it on the board, too
        change(event).ifPresent(change -> watchers.forEach(watcher -> tell(watcher, change)));
    }

    /** Changes are made one after another, so that they appear in the order of their numbers. */
    private synchronized Optional<Change> change(TransferEvent event) {
        Mirror before = mirrors.get(event.database());
        Mirror after = nextRow.after(event, Optional.ofNullable(before));
        if (after == before) {
            return Optional.empty();
        } else if (after == null) {
            return Optional.of(remove(before));
        }
        mirrors.put(after.database(), after);
        byChange.put(after.change(), after);
        if (before != null && isStep(before, after)) {
            byChange.remove(before.change());
        } else if (before != null) {
            passed(before);
        }
        if (mirrors.size() > MAX_ROWS) {
            mirrors.values().stream().filter(NextRow::isForgettable).min(Comparator.comparing(Mirror::change))
                    .ifPresent(this::remove);
        }
        return Optional.of(after);
    }

    /** Whether nothing but bytes has come: thousands of such rows in a second would say little more than the last of them. */
    private static boolean isStep(Mirror before, Mirror after) {
        return before.state() instanceof Bootstrapping && after.state() instanceof Bootstrapping
                && before.lastError().equals(after.lastError());
    }

    private Gone remove(Mirror row) {
        assert Thread.holdsLock(this);
        mirrors.remove(row.database());
        passed(row);
        Gone left = new Gone(row.database(), changes.incrementAndGet());
        byChange.put(left.change(), left);
        Gone earlier = gone.remove(row.database()); // whoever has not been told of it is told by the later one
        gone.put(row.database(), left);
        if (earlier != null) {
            byChange.remove(earlier.change());
        } else if (gone.size() > MAX_GONE) {
            long forgotten = gone.remove(gone.keySet().iterator().next()).change();
            goneForgottenUpTo = forgotten; // first: who does not find it any more finds that
            byChange.remove(forgotten);
        }
        return left;
    }

    private void passed(Mirror row) {
        assert Thread.holdsLock(this);
        past.add(row);
        if (past.size() > MAX_PAST) {
            byChange.remove(past.remove().change());
        }
    }

    private static void tell(Consumer<Change> watcher, Change change) {
        try {
            watcher.accept(change);
        } catch (Exception | Error e) {
            LOG.errorf(e, "%s: a watcher failed when it was told of a change", change.database());
        }
    }
}
