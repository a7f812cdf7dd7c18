package io.mirrorbootstrap.seed;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.IngestRate;
import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorState;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.Text;

/**
 * Looks what this sidecar lacks, and brings it, again and again, until it is to end. A source comes first: what it sends is left alone, and
 * for a while what it has left to come back to. One thread.
 */
final class Seeding implements Runnable {

    private static final Logger LOG = Logger.getLogger(Seeding.class);

    private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    /** So long a transfer is left to its source, which may come back, or to a sibling that has the same bytes. */
    private static final Duration LEFT_ALONE = Duration.ofMinutes(1);

    private final List<DatabaseId> expected;
    private final Siblings siblings;
    private final SeedObjects objects;
    private final SeedLog log;
    private final Mirrors mirrors;
    private final StatusBoard board;
    private final RemovedOnRequest removed;
    private final IngestRate rate;
    private final long maxChunkBytes;
    private final Ending ending;

    private final Map<DatabaseId, Left> left = new HashMap<>();
    private final Suspects suspects = new Suspects(System::nanoTime);
    private Duration pause = SHORTEST_PAUSE;

    /**
     * A transfer that waits for its source.
     *
     * @param change of its row
     * @param sinceNanos when that was seen first
     */
    private record Left(long change, long sinceNanos) {
    }

    Seeding(List<DatabaseId> expected, Siblings siblings, SeedObjects objects, SeedLog log, Mirrors mirrors,
            StatusBoard board, RemovedOnRequest removed, IngestRate rate, long maxChunkBytes, Ending ending) {
        this.expected = List.copyOf(expected);
        this.siblings = siblings;
        this.objects = objects;
        this.log = log;
        this.mirrors = mirrors;
        this.board = board;
        this.removed = removed;
        this.rate = rate;
        this.maxChunkBytes = maxChunkBytes;
        this.ending = ending;
    }

    @Override
    public void run() {
        try {
            while (true) {
                boolean hasMoved = round();
                pause = hasMoved ? SHORTEST_PAUSE : pause.multipliedBy(2);
                pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
                ending.sleep((long) (pause.toMillis() * ThreadLocalRandom.current().nextDouble(0.75, 1.25)));
            }
        } catch (InterruptedException e) {
            LOG.debug("seeding has ended");
        } finally {
            siblings.close();
        }
    }

    /** @return whether anything has come, or nothing is lacking */
    private boolean round() throws InterruptedException {
        boolean isAllHere = true;
        boolean hasMoved = false;
        for (DatabaseId database : expected) {
            if (isWanted(database)) {
                isAllHere = false;
                try {
                    hasMoved |= bring(database);
                } catch (RuntimeException e) {
                    LOG.errorf(e, "seeding: database=%s failed unexpectedly, and is tried again", database);
                }
            }
        }
        if (isAllHere) {
            siblings.close(); // what waits for nothing holds nothing
            log.isAllPast();
        }
        return hasMoved || isAllHere;
    }

    private boolean isWanted(DatabaseId database) {
        Optional<Mirror> row = board.mirror(database);
        return !removed.has(database) && (row.isEmpty()
                || row.get().committed().isEmpty() && !(row.get().state() instanceof MirrorState.Bootstrapping));
    }

    /** @return whether anything has come */
    private boolean bring(DatabaseId database) throws InterruptedException {
        boolean hasMoved = false;
        Optional<Offer> begun = Optional.empty();
        for (Offer offer : offers(database)) {
            if (begun.filter(other -> !other.identity().isSame(offer.identity())).isPresent() || !isWanted(database)
                    || !mayReplaceWhatIsLeft(offer)) {
                continue;
            }
            SeedSource source = new SeedSource(offer.owner(), offer.provider().where());
            Pull pull = new Pull(mirrors, source, offer, rate.of(source.principal()), maxChunkBytes, ending);
            Pull.Outcome outcome = pull.run();
            if (outcome instanceof Pull.Outcome.Committed) {
                LOG.infof("seeded: database=%s lsn=%d bytes=%d, from byte %d by %s", database, offer.identity().lsn(),
                        offer.identity().totalBytes(), pull.from(), offer.provider().words());
                return true;
            }
            hasMoved |= pull.from() >= 0 && pull.at() > pull.from() && !(outcome instanceof Pull.Outcome.Changed);
            begun = outcome instanceof Pull.Outcome.Cut && pull.at() > 0 ? Optional.of(offer) : begun;
            tell(offer, pull, outcome);
        }
        return hasMoved;
    }

    /** What is offered of {@code database}, the best first. */
    private List<Offer> offers(DatabaseId database) throws InterruptedException {
        List<Offer> offers = new ArrayList<>(ending.during(() -> siblings.offers(database)));
        offers.addAll(ending.during(() -> objects.offers(database)));
        return offers.stream().filter(offer -> !suspects.has(offer.name())).sorted(Offer.ORDER).toList();
    }

    private void tell(Offer offer, Pull pull, Pull.Outcome outcome) {
        String what = "database=" + offer.identity().database();
        String whose = offer.provider().words();
        if (outcome instanceof Pull.Outcome.Cut cut) {
            what += " cut at byte " + pull.at() + " of " + offer.identity().totalBytes() + " by " + whose + ": "
                    + Text.readable(cut.why()) + (cut.isSlow() ? avoid(offer) : "");
        } else if (outcome instanceof Pull.Outcome.Changed changed) {
            what += ", " + whose + " has become another while it was read, and what had come is dropped: "
                    + Text.readable(changed.why());
        } else if (outcome instanceof Pull.Outcome.Refused refused) {
            // others may have had part in a wrong CRC, but each round one less is asked
            boolean isWrong = refused.refusal() instanceof Refusal.SnapshotCrcMismatch;
            what += " lsn=" + offer.identity().lsn() + " of " + whose + " is not taken: " + refused.refusal().message()
                    + (isWrong ? avoid(offer) : "");
        }
        log.warn(offer.identity().database() + " from " + offer.provider().where(), what);
    }

    private String avoid(Offer offer) {
        return "; it is not read again for " + suspects.add(offer.name()).toMinutes() + " minutes";
    }

    /** What others have sent before is kept for them, unless the provider has the very same. */
    private boolean mayReplaceWhatIsLeft(Offer offer) {
        Optional<Mirror> row = board.mirror(offer.identity().database());
        if (row.isEmpty() || !(row.get().state() instanceof MirrorState.Disconnected waits)
                || waits.identity().isSame(offer.identity())) {
            return true;
        } else if (!waits.sourceClusterId().equals(offer.identity().sourceClusterId())
                || waits.identity().lsn() > offer.identity().lsn()) {
            return false; // it is newer, or of somebody else: as long as it is kept
        }
        long now = System.nanoTime();
        Left since = left.compute(row.get().database(), (same, before) -> before != null
                && before.change() == row.get().change() ? before : new Left(row.get().change(), now));
        return now - since.sinceNanos() > LEFT_ALONE.toNanos();
    }
}
