package io.mirrorbootstrap.mirror;

import java.time.Instant;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Progress;
import io.mirrorbootstrap.snapshot.Refusal;

/**
 * One row of the status board.
 *
 * @param committed the snapshot it has, also while a transfer is under way
 * @param updatedAt when the row last changed, for people to read: the system's clock may be set back
 * @param change which change of the board made the row: a higher number is a later one
 * @param lastError the last refusal, whether or not it ended a transfer
 * @param sourceAddress where the source was that has begun a transfer of it last; empty where an earlier process knew it
 */
public record Mirror(DatabaseId database, MirrorState state, Optional<MirrorState.Following> committed,
        Instant updatedAt, long change, Optional<LastError> lastError,
        Optional<String> sourceAddress) implements Change {

    /**
     * The same row; a transfer that is under way is as far as {@code progress}, or as the row already tells: of the last chunk,
     * while the snapshot is committed.
     */
    Mirror at(Progress progress) {
        return state instanceof MirrorState.Bootstrapping now
                ? new Mirror(database,
                        new MirrorState.Bootstrapping(now.identity(), Math.max(now.bytesDone(), progress.bytesDone()),
                                Math.max(now.durableBytes(), progress.durableBytes()), now.rate()),
                        committed, updatedAt, change, lastError, sourceAddress)
                : this;
    }

    /** The same row, with a source that is, or was, at {@code address}. */
    Mirror from(Optional<String> address) {
        return new Mirror(database, state, committed, updatedAt, change, lastError, address);
    }

    /** A refusal, and when it was. */
    public record LastError(Refusal refusal, Instant at) {
    }
}
