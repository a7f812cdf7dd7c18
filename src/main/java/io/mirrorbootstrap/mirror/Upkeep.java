package io.mirrorbootstrap.mirror;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Inventory;
import io.mirrorbootstrap.snapshot.LostAndFound.Look;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Retention;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.mirrorbootstrap.store.TooManyFilesException;

/**
 * What is done for all databases, and asked for by no source: reading back what an earlier process left, removing kept transfers
 * after their time, finishing commits, comparing the files with what is told. A database that fails is logged, and stops no other. Worker only,
 * any number of threads.
 */
final class Upkeep {

    private static final Logger LOG = Logger.getLogger(Upkeep.class);

    /** So many names are in a line of the log. */
    private static final int MANY = 20;

    private final SnapshotDirectory directory;
    private final ReceiverRules rules;
    private final TransferListener listener;
    private final StatusBoard board;
    private final Receivers receivers;

    /** Databases for which a thread reads what an earlier process left. */
    private final Set<DatabaseId> reading = ConcurrentHashMap.newKeySet();
    /** Whether a thread reads again for all databases: one, as to read may take hours, and threads are few. */
    private final AtomicBoolean readingAgain = new AtomicBoolean();
    /** Whether a thread reads what somebody has brought back: one, likewise. */
    private final AtomicBoolean comparing = new AtomicBoolean();
    /** Whether it has been said that too many files are there. */
    private final AtomicBoolean tooMany = new AtomicBoolean();

    Upkeep(SnapshotDirectory directory, ReceiverRules rules, TransferListener listener, StatusBoard board,
            Receivers receivers) {
        this.directory = directory;
        this.rules = rules;
        this.listener = listener;
        this.board = board;
        this.receivers = receivers;
    }

    /**
     * Makes the directory ready, and tells the listener what is in it. What takes long to read is read beside, later.
     *
     * @throws IOException when the directory cannot be used
     */
    void start() throws IOException {
        Inventory inventory = directory.prepare();
        tell(inventory.repairs());
        inventory.committed().forEach(snapshot -> listener
                .on(new TransferEvent.Found(snapshot, directory.snapshot(snapshot.database()))));
        for (Inventory.Resumable left : inventory.resumable()) {
            Checkpoint kept = left.checkpoint();
            receivers.add(new SnapshotReceiver(kept.database(), directory, rules, listener, Optional.of(left)));
            listener.on(new TransferEvent.Kept(kept.identity(), kept.bytes(), kept.bytes(),
                    KeptReason.FOUND_AT_START));
        }
        for (DatabaseId database : inventory.toBeRead()) {
            receivers.add(SnapshotReceiver.recovering(database, directory, rules, listener));
        }
        if (!inventory.toBeRead().isEmpty()) {
            LOG.infof("reading what an earlier process left of %d databases, before it can be said what that is: %s",
                    inventory.toBeRead().size(), inventory.toBeRead().stream().limit(MANY).toList());
            rules.helpers().execute(() -> inventory.toBeRead().forEach(this::recover)); // one after the other
        }
        LOG.infof("snapshots are stored in %s: %d there already, %d under way when the last process ended",
                directory.path(), inventory.committed().size(), inventory.resumable().size());
    }

    /** Thousands of files may have been planted: the log limits lines that differ in their values only. */
    private static void tell(List<String> repairs) {
        repairs.forEach(repair -> LOG.warnf("%s", repair));
    }

    /** Tries once more to read what an earlier process left of {@code database}, on another thread: the disk may be mended by now. */
    void recoverSoon(DatabaseId database) {
        doBeside(List.of(database), this::recover, () -> {
        });
    }

    /** As {@link #recoverSoon}, of all databases for which that was in vain, one after the other. */
    private void recoverAllSoon() {
        List<DatabaseId> unrecovered = receivers.all().filter(SnapshotReceiver::isUnrecovered)
                .map(SnapshotReceiver::database).toList();
        if (unrecovered.isEmpty() || !readingAgain.compareAndSet(false, true)) {
            return;
        }
        doBeside(unrecovered, this::recover, () -> readingAgain.set(false));
    }

    private void doBeside(List<DatabaseId> databases, Consumer<DatabaseId> action, Runnable whenOver) {
        try {
            rules.helpers().execute(() -> {
                try {
                    databases.forEach(action);
                } finally {
                    whenOver.run();
                }
            });
        } catch (RejectedExecutionException e) {
            // no thread, or the process is ending: the next round, or the source when it comes back, asks again
            LOG.debugf("%s: not read now: %s", databases, e);
            whenOver.run();
        }
    }

    private void recover(DatabaseId database) {
        if (reading.add(database)) { // else another thread reads it
            try {
                receivers.with(database, Upkeep::recover);
            } finally {
                reading.remove(database);
            }
        }
    }

    private static Void recover(SnapshotReceiver receiver) {
        try {
            tell(receiver.recover().repairs());
        } catch (IOException | RuntimeException | Error e) {
            LOG.errorf(e,
                    "%s: what an earlier process left cannot be read, and nothing is received for it until it can: "
                            + "mend the disk, or remove its files",
                    receiver.database());
        }
        return null;
    }

    /** See {@link Mirrors#keepHouse}. */
    int keepHouse(Retention retention) {
        directory.unfinishedCommits().forEach(database -> receivers.with(database, Upkeep::heal));
        recoverAllSoon();
        int expired = 0;
        for (DatabaseId database : receivers.databases()) {
            expired += receivers.with(database, receiver -> expire(receiver, retention));
        }
        return expired;
    }

    private static Void heal(SnapshotReceiver receiver) {
        try {
            receiver.heal();
        } catch (IOException | RuntimeException | Error e) {
            LOG.warnf("a commit cannot be finished yet: %s", e);
        }
        return null;
    }

    private static int expire(SnapshotReceiver receiver, Retention retention) {
        try {
            return receiver.expire(retention) ? 1 : 0;
        } catch (RuntimeException | Error e) {
            LOG.errorf(e, "whether the transfer of %s has waited too long cannot be told", receiver.database());
            return 0;
        }
    }

    /** See {@link Mirrors#compareFiles}. */
    void compareFiles() {
        Set<DatabaseId> databases = new HashSet<>(receivers.databases());
        board.mirrors().stream().filter(row -> row.committed().isPresent()).map(Mirror::database)
                .forEach(databases::add);
        databases.addAll(described());
        databases.addAll(directory.unfinishedCommits());
        List<DatabaseId> toBeRead = databases.stream()
                .filter(database -> receivers.with(database, this::compareFiles) == Look.TO_BE_READ).toList();
        if (!toBeRead.isEmpty() && comparing.compareAndSet(false, true)) {
            doBeside(toBeRead, this::readFound, () -> comparing.set(false));
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

    private Look compareFiles(SnapshotReceiver receiver) {
        try {
            return receiver.lostAndFound().look(() -> told(receiver.database()));
        } catch (IOException | RuntimeException | Error e) {
            LOG.debugf("%s: whether its files are there cannot be told: %s", receiver.database(), e);
            return Look.BUSY;
        }
    }

    private void readFound(DatabaseId database) {
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
                        "%s: the snapshot that somebody has brought back cannot be read (%s): it is left alone until it"
                                + " is written to, or until the next start",
                        database, Text.readable(String.valueOf(e)));
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

    /** See {@link Mirrors#makeDurable}. */
    void makeDurable() {
        receivers.databases().forEach(database -> receivers.with(database, Upkeep::makeDurable));
    }

    private static Void makeDurable(SnapshotReceiver receiver) {
        try {
            receiver.makeDurable();
        } catch (IOException | RuntimeException | Error e) {
            LOG.warnf("%s: what its source has sent last is not durable, and will be sent again: %s",
                    receiver.database(), e);
        }
        return null;
    }
}
