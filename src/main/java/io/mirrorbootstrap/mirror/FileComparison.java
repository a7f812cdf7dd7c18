package io.mirrorbootstrap.mirror;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.LostAndFound;
import io.mirrorbootstrap.snapshot.LostAndFound.Look;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.store.TooManyFilesException;

/**
 * Compares the files of all databases with what the board tells of them. What others have put there is found as long as the board has a
 * place for it. A database that fails is logged, and stops no other. Worker only, any number of threads.
 */
final class FileComparison {

    private static final Logger LOG = Logger.getLogger(FileComparison.class);

    private final SnapshotDirectory directory;
    private final StatusBoard board;
    private final Receivers receivers;
    private final Beside beside;

    /** Whether a thread reads what somebody has brought back: one, as to read may take hours, and threads are few. */
    private final AtomicBoolean comparing = new AtomicBoolean();
    /** What the last look has found, and that thread has not begun to read: the least first, as at a start. */
    private final ConcurrentSkipListSet<ToBeRead> toBeRead = new ConcurrentSkipListSet<>();
    /** Whether it has been said that too many files are there. */
    private final AtomicBoolean tooMany = new AtomicBoolean();
    /** Whether it has been said that there are more databases than may be known. */
    private final AtomicBoolean leavingOut = new AtomicBoolean();

    /** @param bytes how many there are, at most */
    private record ToBeRead(long bytes, DatabaseId database) implements Comparable<ToBeRead> {

        @Override
        public int compareTo(ToBeRead other) {
            return Comparator.comparingLong(ToBeRead::bytes).thenComparing(each -> each.database().value())
                    .compare(this, other);
        }
    }

    FileComparison(SnapshotDirectory directory, StatusBoard board, Receivers receivers, Beside beside) {
        this.directory = directory;
        this.board = board;
        this.receivers = receivers;
        this.beside = beside;
    }

    /** See {@link Mirrors#compareFiles}. */
    void run() {
        Set<DatabaseId> databases = new HashSet<>(receivers.databases());
        board.mirrors().stream().filter(row -> row.committed().isPresent()).map(Mirror::database)
                .forEach(databases::add);
        databases.addAll(directory.unfinishedCommits());
        List<DatabaseId> others = described().stream().filter(database -> !databases.contains(database))
                .sorted(Comparator.comparing(DatabaseId::value)).toList();
        List<ToBeRead> found = new ArrayList<>();
        databases.forEach(database -> look(database, found));
        int looked = 0;
        while (looked < others.size() && board.hasPlaceFor(others.get(looked))) { // more are not found, whatever they are
            look(others.get(looked++), found);
        }
        // by now: meanwhile others are read, and take the places that these were looked at for
        tellLeftOut(others.stream().filter(database -> !board.hasPlaceFor(database)).toList());
        toBeRead.clear();
        toBeRead.addAll(found);
        if (!found.isEmpty() && comparing.compareAndSet(false, true)) {
            beside.run(this::readAll, () -> comparing.set(false));
        }
    }

    /** What is found meanwhile takes its turn by its size, too: a hole that somebody has planted holds up what is as large, or comes while it is read. */
    private void readAll() {
        for (ToBeRead next = toBeRead.pollFirst(); next != null; next = toBeRead.pollFirst()) {
            readFound(next.database());
        }
    }

    /**
     * Says once, until there are none any more, which databases are not known though they have files.
     *
     * @param databases by name
     */
    void tellLeftOut(List<DatabaseId> databases) {
        if (databases.isEmpty()) {
            leavingOut.set(false);
        } else if (!leavingOut.getAndSet(true)) {
            LOG.warnf(
                    "%d databases are known here, and no more may be: the files of %d others in %s are left as they are,"
                            + " the first is %s: move away those that are not of this sidecar, or remove databases"
                            + " (DELETE /v1/mirrors/{database}?snapshot=true)",
                    StatusBoard.MAX_ROWS, databases.size(), directory.path(), databases.get(0));
        }
    }

    private void look(DatabaseId database, List<ToBeRead> found) {
        if (receivers.with(database, this::look) == Look.TO_BE_READ) {
            found.add(new ToBeRead(bytes(database), database));
        }
    }

    private long bytes(DatabaseId database) {
        try {
            return directory.snapshotBytes(database);
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    private Set<DatabaseId> described() {
        try {
            Set<DatabaseId> described = directory.described();
            tooMany.set(false);
            return described;
        } catch (TooManyFilesException e) {
            if (!tooMany.getAndSet(true)) {
                LOG.warnf("snapshots that somebody brings back are not looked for in %s, and no start is possible: %s",
                        directory.path(), e.getMessage());
            }
            return Set.of();
        } catch (IOException e) {
            LOG.debugf("which snapshots somebody has brought back cannot be told: %s", e);
            return Set.of();
        }
    }

    private Look look(SnapshotReceiver receiver) {
        try {
            return receiver.lostAndFound().look(() -> told(receiver.database()));
        } catch (IOException | RuntimeException | Error e) {
            LOG.debugf("%s: whether its files are there cannot be told: %s", receiver.database(), e);
            return Look.BUSY;
        }
    }

    private void readFound(DatabaseId database) {
        if (!board.hasPlaceFor(database)) {
            return;
        }
        receivers.with(database, receiver -> {
            try {
                if (!receiver.lostAndFound().read(() -> told(database))) {
                    LOG.warnf(
                            "%s: the snapshot that somebody has brought back is not what its manifest says: it is left"
                                    + " alone until it is written to, or until the next start",
                            database);
                }
            } catch (IOException | RuntimeException | Error e) {
                LOG.warnf(
                        "%s: the snapshot that somebody has brought back cannot be read, or its manifest not be written"
                                + " (%s): %s",
                        database, Text.readable(String.valueOf(e)), LostAndFound.isReadAgain(e)
                                ? "that is tried again"
                                : "it is left alone until it is written to, or until the next start");
            }
            return null;
        });
    }

    /** Has the board tell that {@code snapshot} is committed; false while that is not possible. */
    boolean isTold(SnapshotReceiver receiver, CommittedSnapshot snapshot) {
        DatabaseId database = receiver.database();
        try {
            Optional<CommittedSnapshot> asked = Optional.of(snapshot);
            return told(database).equals(asked)
                    || receiver.lostAndFound().compare(() -> told(database)) != Look.BUSY
                            && told(database).equals(asked); // it may have been taken away again
        } catch (IOException e) {
            LOG.debugf("%s: whether its files are as they are told cannot be found out: %s", database, e);
            return false;
        }
    }

    private Optional<CommittedSnapshot> told(DatabaseId database) {
        return board.mirror(database).flatMap(Mirror::committed).map(MirrorState.Following::snapshot);
    }
}
