package io.mirrorbootstrap.seed;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;

/**
 * The databases whose snapshot somebody has had removed since the process started: that was for its room, and a sibling's would take it again.
 * Any thread.
 */
@Singleton
class RemovedOnRequest implements TransferListener {

    private final ExpectedDatabases expected;
    private final Set<DatabaseId> removed = ConcurrentHashMap.newKeySet();

    RemovedOnRequest(ExpectedDatabases expected) {
        this.expected = expected;
    }

    @Override
    public void on(TransferEvent event) {
        if (event instanceof TransferEvent.Removed && expected.all().contains(event.database())) { // names come and go, these do not
            removed.add(event.database());
        } else if (event instanceof TransferEvent.Committed) {
            removed.remove(event.database());
        }
    }

    boolean has(DatabaseId database) {
        return removed.contains(database);
    }
}
