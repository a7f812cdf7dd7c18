package io.mirrorbootstrap.snapshot;

import java.util.HashSet;
import java.util.Set;

/** How many databases may have a transfer under way at once, over all links. Any thread. */
public final class BootstrapLimit {

    private final int limit;
    private final Set<DatabaseId> underWay = new HashSet<>();

    /** @param limit 1 or more */
    public BootstrapLimit(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit is " + limit + ", must be 1 or more");
        }
        this.limit = limit;
    }

    /** The limit. */
    public int limit() {
        return limit;
    }

    /** Whether {@code database} is, or now becomes, one of those under way. */
    synchronized boolean enter(DatabaseId database) {
        return underWay.contains(database) || (underWay.size() < limit && underWay.add(database));
    }

    /** Whether {@link #enter} would succeed now. */
    synchronized boolean hasRoomFor(DatabaseId database) {
        return underWay.contains(database) || underWay.size() < limit;
    }

    /** {@code database} has no transfer under way any more. */
    synchronized void leave(DatabaseId database) {
        underWay.remove(database);
    }
}
