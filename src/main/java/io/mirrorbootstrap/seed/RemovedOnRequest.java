package io.mirrorbootstrap.seed;

import java.util.Map;
import java.util.Optional;
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
    private final Map<DatabaseId, Begun> begun = new ConcurrentHashMap<>();

    /**
     * Seeding was the last that has begun with it.
     *
     * @param address of the provider
     * @param isOwn whether no source has sent any of it
     */
    private record Begun(SnapshotIdentity identity, String address, boolean isOwn) {
    }

    RemovedOnRequest(ExpectedDatabases expected) {
        this.expected = expected;
    }

    @Override
    public void on(TransferEvent event) {
        if (event instanceof TransferEvent.Removed && expected.all().contains(event.database())) { // names come and go, these do not
            removed.add(event.database());
        } else if (event instanceof TransferEvent.Dropped dropped && dropped.reason() == DropReason.ABORTED
                && begun(dropped.identity()).isPresent()) {
            removed.add(event.database());
        } else if (event instanceof TransferEvent.Began began) {
            begun.computeIfPresent(event.database(), (same, last) -> begun(last, began));
        } else if (event instanceof TransferEvent.Committed) {
            removed.remove(event.database());
            begun.remove(event.database());
        }
    }

    /** Whoever else goes on with it, it is theirs: to abort it, and to come back to it. */
    private static Begun begun(Begun last, TransferEvent.Began began) {
        boolean isSeeding = last.address().equals(began.address()) && last.identity().isSame(began.identity());
        return isSeeding ? new Begun(last.identity(), last.address(), last.isOwn() || began.bytesDone() == 0) : null;
    }

    /**
     * Seeding is about to begin with it, or to go on.
     *
     * @param address of the provider
     */
    void begins(SnapshotIdentity identity, String address) {
        begun.put(identity.database(), new Begun(identity, address, isOwn(identity)));
    }

    /** Seeding itself ends it for good. */
    void drops(DatabaseId database) {
        begun.remove(database);
    }

    /** Whether nobody but seeding has sent any of it, since the process started. */
    boolean isOwn(SnapshotIdentity identity) {
        return begun(identity).filter(Begun::isOwn).isPresent();
    }

    private Optional<Begun> begun(SnapshotIdentity identity) {
        return Optional.ofNullable(begun.get(identity.database())).filter(last -> last.identity().isSame(identity));
    }

    boolean has(DatabaseId database) {
        return removed.contains(database);
    }
}
