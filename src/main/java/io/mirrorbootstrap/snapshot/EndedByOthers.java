package io.mirrorbootstrap.snapshot;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The transfers that a source has announced, and that somebody else has ended before their first byte came: nothing but their first chunk
 * tells the source. Any thread.
 */
public final class EndedByOthers {

    /** Of more, the oldest are forgotten: a link may announce name after name. */
    private static final int MAX = 64;

    /** Guarded by itself. */
    private final Set<DatabaseId> unheard = new LinkedHashSet<>();

    /** Somebody else has ended the transfer of {@code database}. */
    public void add(DatabaseId database) {
        synchronized (unheard) {
            unheard.add(database);
            if (unheard.size() > MAX) {
                unheard.remove(unheard.iterator().next());
            }
        }
    }

    /** Whether the source has yet to hear of it; it does so now. */
    public boolean hear(DatabaseId database) {
        synchronized (unheard) {
            return unheard.remove(database);
        }
    }
}
