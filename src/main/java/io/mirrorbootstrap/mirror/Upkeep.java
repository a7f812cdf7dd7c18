package io.mirrorbootstrap.mirror;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Inventory;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.Retention;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.mirrorbootstrap.store.Reason;

/**
 * What is done for all databases, and asked for by no source: reading back what an earlier process left, removing kept transfers
 * after their time, finishing commits. A database that fails is logged, and stops no other. Worker only, any number of threads.
 */
final class Upkeep {

    private static final Logger LOG = Logger.getLogger(Upkeep.class);

    /** So many names are in a line of the log. */
    private static final int MANY = 20;

    private final SnapshotDirectory directory;
    private final ReceiverRules rules;
    private final TransferListener listener;
    private final Receivers receivers;
    private final Beside beside;
    private final FileComparison comparison;

    /** Databases for which a thread reads what an earlier process left. */
    private final Set<DatabaseId> reading = ConcurrentHashMap.newKeySet();
    /** Whether a thread reads again for all databases: one, as to read may take hours, and threads are few. */
    private final AtomicBoolean readingAgain = new AtomicBoolean();

    Upkeep(SnapshotDirectory directory, ReceiverRules rules, TransferListener listener, Receivers receivers,
            Beside beside, FileComparison comparison) {
        this.directory = directory;
        this.rules = rules;
        this.listener = listener;
        this.receivers = receivers;
        this.beside = beside;
        this.comparison = comparison;
    }

    /**
     * Makes the directory ready, and tells the listener what is in it. What takes long to read is read beside, later.
     *
     * @throws IOException when the directory cannot be used
     */
    void start() throws IOException {
        Inventory inventory = directory.prepare();
        tell(inventory.repairs());
        comparison.tellLeftOut(inventory.leftOut());
        inventory.committed().forEach(snapshot -> listener
                .on(new TransferEvent.Found(snapshot, directory.snapshot(snapshot.database()))));
        for (Inventory.Resumable left : inventory.resumable()) {
            Checkpoint kept = left.checkpoint();
            receivers.add(new SnapshotReceiver(kept.database(), directory, rules, listener, Optional.of(left)));
            listener.on(new TransferEvent.Kept(kept.identity(), kept.bytes(), kept.bytes(),
                    KeptReason.FOUND_AT_START));
        }
        addRecovering(inventory.toBeRead(), false);
        if (!inventory.toBeRead().isEmpty()) {
            LOG.infof("reading what an earlier process left of %d databases, before it can be said what that is: %s",
                    inventory.toBeRead().size(), inventory.toBeRead().stream().limit(MANY).toList());
            try {
                rules.helpers().execute(() -> inventory.toBeRead().forEach(this::recover)); // one after the other
            } catch (RejectedExecutionException e) { // housekeeping, and sources that come, have it read
                LOG.warnf(
                        "there is no thread for that now (%s): nothing is received for these databases until there is",
                        Reason.of(e));
                addRecovering(inventory.toBeRead(), true);
            }
        }
        LOG.infof("snapshots are stored in %s: %d there already, %d under way when the last process ended",
                directory.path(), inventory.committed().size(), inventory.resumable().size());
    }

    private void addRecovering(List<DatabaseId> databases, boolean isInVain) {
        for (DatabaseId database : databases) {
            receivers.add(SnapshotReceiver.recovering(database, directory, rules, listener, isInVain));
        }
    }

    /** Thousands of files may have been planted: the log limits lines that differ in their values only. */
    private static void tell(List<String> repairs) {
        repairs.forEach(repair -> LOG.warnf("%s", repair));
    }

    /** Tries once more to read what an earlier process left of {@code database}, on another thread: the disk may be mended by now. */
    void recoverSoon(DatabaseId database) {
        beside.run(List.of(database), this::recover, () -> {
        });
    }

    /** As {@link #recoverSoon}, of all databases for which that was in vain, one after the other. */
    private void recoverAllSoon() {
        List<DatabaseId> unrecovered = receivers.all().filter(SnapshotReceiver::isUnrecovered)
                .map(SnapshotReceiver::database).toList();
        if (unrecovered.isEmpty() || !readingAgain.compareAndSet(false, true)) {
            return;
        }
        beside.run(unrecovered, this::recover, () -> readingAgain.set(false));
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
            LOG.warnf("a commit or a removal cannot be finished yet: %s", e);
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
