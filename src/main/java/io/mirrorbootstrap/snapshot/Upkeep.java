package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.store.FileFacts;

/** The work for one database that no source asks for: it is done from time to time. */
final class Upkeep {

    /**
     * A transfer found at start is kept for at least so long, or a tenth of the retention if that is shorter: its age is
     * told by the wall clock, which may be wrong, and its source may be waiting for this very start.
     */
    private static final Duration GRACE = Duration.ofHours(1);

    private Upkeep() {
    }

    /** Drops a transfer that has waited for its source for too long; see {@link SnapshotReceiver#expire}. */
    static boolean expire(Reception reception, Retention retention) {
        boolean expired = reception.phase() instanceof Kept kept
                && isOver(kept.transfer().waiting(), retention.of(kept.transfer().identity()));
        if (expired) {
            reception.drop(DropReason.EXPIRED);
        }
        return expired;
    }

    private static boolean isOver(Waiting waiting, Duration retention) {
        Duration tenth = retention.dividedBy(10);
        return waiting.age(retention.minus(tenth.compareTo(GRACE) < 0 ? tenth : GRACE)).compareTo(retention) > 0;
    }

    /**
     * Makes a kept transfer durable up to its last accepted byte: a disk that was full when its link ended has refused
     * that.
     */
    static void makeDurable(Reception reception) throws IOException {
        if (reception.phase() instanceof Kept kept
                && kept.transfer().durableBytes() < kept.transfer().accepted().bytes()) {
            Optional<FileFacts> file = kept.transfer().verified();
            if (file.isPresent() && reception.durability().makeDurable(kept.transfer(), file.get())) {
                reception.become(new Kept(kept.transfer().durable()));
            }
        }
    }
}
