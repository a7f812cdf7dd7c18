package io.mirrorbootstrap.mirror;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;

import jakarta.inject.Singleton;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.MirrorState.Bootstrapping;
import io.mirrorbootstrap.mirror.MirrorState.Disconnected;
import io.mirrorbootstrap.mirror.MirrorState.Failed;
import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Inventory;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;
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

    /** So many rows that have changed since, or are gone, are still told, in all: who looks soon hears of each change. */
    public static final int MAX_PAST = 16;

    private final Map<DatabaseId, Mirror> mirrors = new ConcurrentHashMap<>();
    /** The same rows, and the past ones, by the change that made each. */
    private final ConcurrentNavigableMap<Long, Mirror> byChange = new ConcurrentSkipListMap<>();
    /** Guarded by this. */
    private final Deque<Mirror> past = new ArrayDeque<>();
    private final Set<Consumer<Mirror>> watchers = new CopyOnWriteArraySet<>();
    private final AtomicLong changes = new AtomicLong();

    /** Whether {@code database} has a row, or there is room for one more. */
    boolean hasPlaceFor(DatabaseId database) {
        return mirrors.containsKey(database) || mirrors.size() < MAX_ROWS
                || mirrors.values().stream().anyMatch(StatusBoard::isForgettable);
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
     * The row that the first change after {@code change} has made, of those that are there or were until lately. Whoever goes from row to
     * row by it finds each that is there: none appears with a lower number than one that is there.
     */
    public Optional<Mirror> after(long change) {
        return Optional.ofNullable(byChange.higherEntry(change)).map(Map.Entry::getValue);
    }

    /** Whether {@code row} is on the board, unchanged. */
    public boolean isThere(Mirror row) {
        return mirrors.get(row.database()) == row;
    }

    /** The number of the last change. */
    public long lastChange() {
        return changes.get();
    }

    /**
     * Tells {@code watcher} each row that changes, from now on: {@link #mirror} has it by then, or a later one. It is called on a
     * transfer's thread, with its lock held: it must return at once. An exception of it is logged, and harms neither the transfer nor
     * other watchers.
     *
     * @return ends the watch
     */
    public Cancellable watch(Consumer<Mirror> watcher) {
        watchers.add(watcher);
        return () -> watchers.remove(watcher);
    }

    @Override
    public void on(TransferEvent event) {
        // a watcher finds it on the board, too
        change(event).ifPresent(row -> watchers.forEach(watcher -> tell(watcher, row)));
    }

    /** Changes are made one after another, so that they appear in the order of their numbers. */
    private synchronized Optional<Mirror> change(TransferEvent event) {
        Mirror before = mirrors.get(event.database());
        Mirror after = after(event, Optional.ofNullable(before));
        if (after == before) {
            return Optional.empty();
        } else if (after == null) {
            remove(before);
            return Optional.empty();
        }
        mirrors.put(after.database(), after);
        byChange.put(after.change(), after);
        if (before != null) {
            passed(before);
        }
        if (mirrors.size() > MAX_ROWS) {
            byChange.values().stream().filter(this::isThere).filter(StatusBoard::isForgettable).findFirst()
                    .ifPresent(this::remove);
        }
        return Optional.of(after);
    }

    private void remove(Mirror row) {
        mirrors.remove(row.database());
        passed(row);
    }

    private void passed(Mirror row) {
        assert Thread.holdsLock(this);
        past.add(row);
        if (past.size() > MAX_PAST) {
            byChange.remove(past.remove().change());
        }
    }

    private static void tell(Consumer<Mirror> watcher, Mirror mirror) {
        try {
            watcher.accept(mirror);
        } catch (Exception | Error e) {
            LOG.errorf(e, "%s: a watcher failed when it was told of a change", mirror.database());
        }
    }

    private static boolean isForgettable(Mirror mirror) {
        return mirror.committed().isEmpty() && hasEnded(mirror.state());
    }

    /** Whether it tells of a transfer of which nothing is here any more. */
    private static boolean hasEnded(MirrorState state) {
        return state instanceof Failed || state instanceof Disconnected disconnected && disconnected.bytesKept() == 0;
    }

    /** The row after an event; null when the database has no row then. */
    private Mirror after(TransferEvent event, Optional<Mirror> before) {
        Optional<Following> committed = before.flatMap(Mirror::committed);
        Optional<Mirror.LastError> lastError = before.flatMap(Mirror::lastError);
        if (event instanceof TransferEvent.Began began) {
            return row(event, new Bootstrapping(began.identity(), began.bytesDone(), began.durableBytes(),
                    Rate.startingAt(began.bytesDone())), committed, lastError);
        } else if (event instanceof TransferEvent.Progressed progressed) {
            Rate rate = before.map(Mirror::state).filter(Bootstrapping.class::isInstance)
                    .map(state -> ((Bootstrapping) state).rate().sample(progressed.bytesDone()))
                    .orElseGet(() -> Rate.startingAt(progressed.bytesDone()));
            return row(event, new Bootstrapping(progressed.identity(), progressed.bytesDone(),
                    progressed.durableBytes(), rate), committed, lastError);
        } else if (event instanceof TransferEvent.Found found) {
            Following following = new Following(found.snapshot(), found.path());
            return new Mirror(event.database(), following, Optional.of(following), found.snapshot().committedAt(),
                    changes.incrementAndGet(), Optional.empty());
        } else if (event instanceof TransferEvent.FoundAgain back) {
            Following following = new Following(back.snapshot(), back.path());
            MirrorState state = before.map(Mirror::state)
                    .filter(now -> !(now instanceof Following) && !hasEnded(now)).orElse(following);
            return row(event, state, Optional.of(following), lastError);
        } else if (event instanceof TransferEvent.Noted noted) {
            Following following = new Following(noted.snapshot(), noted.path());
            return before.map(mirror -> row(event, mirror.state() instanceof Following ? following : mirror.state(),
                    Optional.of(following), lastError)).orElse(null);
        } else if (event instanceof TransferEvent.Committed done) {
            Following following = new Following(done.snapshot(), done.path());
            return row(event, following, Optional.of(following), Optional.empty());
        } else if (event instanceof TransferEvent.Failed failed) {
            return row(event, new Failed(failed.identity(), failed.bytesDone()),
                    committed.filter(earlier -> failed.remains() == Remains.NOTHING), error(failed.refusal()));
        } else if (event instanceof TransferEvent.Kept gone) {
            return row(event, new Disconnected(gone.identity(), gone.bytesKept(), gone.durableBytes()), committed,
                    lastError);
        } else if (event instanceof TransferEvent.Dropped dropped) {
            return dropped(dropped, before.orElse(null), committed, lastError);
        } else if (event instanceof TransferEvent.NoneToAbort none) {
            boolean isForgotten = before.map(Mirror::state)
                    .filter(state -> hasEnded(state) && mayReplace(state, none.who())).isPresent();
            return isForgotten ? withoutTransfer(event, committed, lastError) : before.orElse(null);
        } else if (event instanceof TransferEvent.Removed || event instanceof TransferEvent.Lost) {
            return before.filter(mirror -> !(mirror.state() instanceof Following))
                    .map(mirror -> row(event, mirror.state(), Optional.empty(), lastError)).orElse(null);
        }
        if (!(event instanceof TransferEvent.Refused refused)) {
            return before.orElse(null); // a transfer that is read back stays disconnected meanwhile: no payload arrives
        }
        if (refused.refusal() instanceof Refusal.AboutCaller
                || before.filter(mirror -> !mayWriteTo(mirror, refused.who())).isPresent()) {
            return before.orElse(null); // else one caller would write into the rows of another
        }
        // a refusal alone makes no row: a source could fill the board with names
        return before.map(mirror -> row(event, mirror.state(), committed, error(refused.refusal()))).orElse(null);
    }

    /** Whether a row is nobody's or the caller's own: a refusal may be of a message that came before what the row tells of. */
    private static boolean mayWriteTo(Mirror row, Principal who) {
        return Stream.concat(Stream.of(row.state()), row.committed().stream())
                .allMatch(state -> mayReplace(state, who));
    }

    private static boolean mayReplace(MirrorState state, Principal who) {
        return who.mayReplace(state.sourceClusterId(), state.owner());
    }

    private Mirror dropped(TransferEvent.Dropped dropped, Mirror before, Optional<Following> committed,
            Optional<Mirror.LastError> lastError) {
        if (dropped.reason() == DropReason.REPLACED) {
            return before; // the successor begins at once
        }
        return committed.isPresent() || dropped.reason() == DropReason.ABORTED
                ? withoutTransfer(dropped, committed, lastError)
                : row(dropped, new Disconnected(dropped.identity(), 0, 0), committed, lastError);
    }

    /** The row of a mirror that has its snapshot, or nothing. */
    private Mirror withoutTransfer(TransferEvent event, Optional<Following> committed,
            Optional<Mirror.LastError> lastError) {
        return committed.map(snapshot -> row(event, snapshot, committed, lastError)).orElse(null);
    }

    private static Optional<Mirror.LastError> error(Refusal refusal) {
        return Optional.of(new Mirror.LastError(refusal, Instant.now()));
    }

    private Mirror row(TransferEvent event, MirrorState state, Optional<Following> committed,
            Optional<Mirror.LastError> lastError) {
        return new Mirror(event.database(), state, committed, Instant.now(), changes.incrementAndGet(), lastError);
    }
}
