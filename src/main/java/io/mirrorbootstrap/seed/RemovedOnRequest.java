package io.mirrorbootstrap.seed;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferListener;

/**
 * What seeding has begun, and the databases whose snapshot, or whose transfer that seeding had begun, somebody has had removed since the process
 * started: that was for its room, or as it is the wrong one, and it would come again. Any thread.
 */
@Singleton
class RemovedOnRequest implements TransferListener {

    private final ExpectedDatabases expected;
    private final Set<DatabaseId> removed = ConcurrentHashMap.newKeySet();
    private final Map<DatabaseId, SnapshotIdentity> begun = new ConcurrentHashMap<>();

    RemovedOnRequest(ExpectedDatabases expected) {
        this.expected = expected;
    }

    @Override
    public void on(TransferEvent event) {
        if (event instanceof TransferEvent.Removed && expected.all().contains(event.database())) { // names come and go, these do not
            removed.add(event.database());
        } else if (event instanceof TransferEvent.Dropped dropped && dropped.reason() == DropReason.ABORTED
                && hasBegun(dropped.identity())) {
            removed.add(event.database());
        } else if (event instanceof TransferEvent.Committed) {
            removed.remove(event.database());
            begun.remove(event.database());
        }
    }

    /** Seeding begins with it, or goes on. */
    void begins(SnapshotIdentity identity) {
        begun.put(identity.database(), identity);
    }

    /** Seeding itself ends it for good. */
    void drops(DatabaseId database) {
        begun.remove(database);
    }

    /** Whether seeding is the last that has begun with it. */
    boolean hasBegun(SnapshotIdentity identity) {
        SnapshotIdentity last = begun.get(identity.database());
        return last != null && last.isSame(identity);
    }

    boolean has(DatabaseId database) {
        return removed.contains(database);
    }
}
