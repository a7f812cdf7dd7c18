package io.mirrorbootstrap.mirror;

import java.time.Instant;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;

/**
 * One row of the status board.
 *
 * @param committed the snapshot it has, whatever it is doing now
 * @param updatedAt when the row last changed
 * @param lastError what was last refused, whether or not it ended a transfer
 */
public record Mirror(DatabaseId database, MirrorState state, Optional<MirrorState.Following> committed,
        Instant updatedAt, Optional<LastError> lastError) {

    /** The same row, its transfer under way as far as {@code progress}. */
    Mirror at(SnapshotReceiver.Progress progress) {
        return state instanceof MirrorState.Bootstrapping now
                ? new Mirror(database, new MirrorState.Bootstrapping(now.identity(), progress.bytesDone(),
                        progress.durableBytes(), now.rate()), committed, updatedAt, lastError)
                : this;
    }

    /** What was refused, and when. */
    public record LastError(Refusal refusal, Instant at) {
    }
}
