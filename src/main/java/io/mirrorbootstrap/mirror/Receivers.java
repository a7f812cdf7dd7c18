package io.mirrorbootstrap.mirror;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;

/**
 * The receiver of each database. A receiver stays while it is in use or has a transfer: names alone take no memory. Any thread;
 * waits for nothing.
 */
final class Receivers {

    private final Function<DatabaseId, SnapshotReceiver> maker;
    private final Map<DatabaseId, Entry> entries = new ConcurrentHashMap<>();

    private record Entry(SnapshotReceiver receiver, int users) {
    }

    /** @param maker makes the receiver of a database that has none */
    Receivers(Function<DatabaseId, SnapshotReceiver> maker) {
        this.maker = maker;
    }

    /** Adds a receiver at start, before any other call for its database. */
    void add(SnapshotReceiver receiver) {
        entries.put(receiver.database(), new Entry(receiver, 0));
    }

    /** The databases that have a receiver now. */
    Set<DatabaseId> databases() {
        return Set.copyOf(entries.keySet());
    }

    /** The receivers that are here now. */
    Stream<SnapshotReceiver> all() {
        return entries.values().stream().map(Entry::receiver);
    }

    /** The receiver of {@code database}, if it has one now. To look at it only: it is not in use for that. */
    Optional<SnapshotReceiver> find(DatabaseId database) {
        return Optional.ofNullable(entries.get(database)).map(Entry::receiver);
    }

    /** What {@code action} returns for the receiver of {@code database}, which is in use meanwhile. */
    <T> T with(DatabaseId database, Function<SnapshotReceiver, T> action) {
        SnapshotReceiver receiver = enter(database);
        try {
            return action.apply(receiver);
        } finally {
            leave(database);
        }
    }

    /** The receiver of {@code database}, in use until {@link #leave}, which must be called once for each call of this. */
    SnapshotReceiver enter(DatabaseId database) {
        return entries.compute(database, (id, entry) -> entry == null
                ? new Entry(maker.apply(id), 1)
                : new Entry(entry.receiver(), entry.users() + 1)).receiver();
    }

    void leave(DatabaseId database) {
        entries.computeIfPresent(database, (id, entry) -> {
            assert entry.users() > 0 : database;
            return entry.users() == 1 && entry.receiver().isIdle()
                    ? null
                    : new Entry(entry.receiver(), entry.users() - 1);
        });
    }
}
