package io.mirrorbootstrap.snapshot;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The transfers of a source that somebody else has ended, in whatever phase they were: nothing but the answer to its next chunk tells the
 * source, or the answer to an {@code open} that was waiting. Any thread.
 */
public final class EndedByOthers {

    /** Of more, the oldest are forgotten: a link may announce name after name. */
    private static final int MAX = 64;

    /** For each database, whether a message of the source was waiting. Guarded by itself. */
    private final Map<DatabaseId, Boolean> unheard = new LinkedHashMap<>();

    /**
     * Somebody else has ended the transfer of {@code database}.
     *
     * @param isAwaited whether the source is waiting for the answer to what it has said of it
     */
    public void add(DatabaseId database, boolean isAwaited) {
        synchronized (unheard) {
            unheard.put(database, isAwaited);
            if (unheard.size() > MAX) {
                unheard.remove(unheard.keySet().iterator().next());
            }
        }
    }

    /** The answer to a chunk at {@code offset}, in bytes, if the source has yet to hear of it; it does so now. */
    public Optional<Refusal> answerToChunk(DatabaseId database, long offset) {
        return hear(database).map(any -> new Refusal.OffsetRegression(0, offset));
    }

    /** The answer to an {@code open}, if that was waiting. A later one is of another transfer, whatever was ended before. */
    public Optional<Refusal> answerToOpen(DatabaseId database) {
        return hear(database).filter(isAwaited -> isAwaited).map(any -> new Refusal.OffsetRegression(0, 0));
    }

    private Optional<Boolean> hear(DatabaseId database) {
        synchronized (unheard) {
            return Optional.ofNullable(unheard.remove(database));
        }
    }
}
