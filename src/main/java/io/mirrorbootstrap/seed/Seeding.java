package io.mirrorbootstrap.seed;

import java.time.Duration;
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

    /** So long nothing is read of a sibling whose bytes were not what it had said, or came in drops. */
    private static final Duration SUSPECT_FOR = Duration.ofMinutes(10);

    private final List<DatabaseId> expected;
    private final Siblings siblings;
    private final Mirrors mirrors;
    private final StatusBoard board;
    private final RemovedOnRequest removed;
    private final IngestRate rate;
    private final long maxChunkBytes;
    private final Ending ending;

    private final Map<DatabaseId, Left> left = new HashMap<>();
    private final Map<Offer.Name, Long> suspects = new HashMap<>();
    private Duration pause = SHORTEST_PAUSE;

    /**
     * A transfer that waits for its source.
     *
     * @param change of its row
     * @param sinceNanos when that was seen first
     */
    private record Left(long change, long sinceNanos) {
    }

    Seeding(List<DatabaseId> expected, Siblings siblings, Mirrors mirrors, StatusBoard board, RemovedOnRequest removed,
            IngestRate rate,
            long maxChunkBytes, Ending ending) {
        this.expected = List.copyOf(expected);
        this.siblings = siblings;
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
        List<Offer> offers = ending.during(() -> siblings.offers(database)).stream()
                .filter(offer -> !isSuspect(offer.name())).toList();
        boolean hasMoved = false;
        Optional<String> begun = Optional.empty();
        for (Offer offer : offers) {
            if (begun.filter(tag -> !tag.equals(offer.tag())).isPresent() || !isWanted(database)
                    || !mayReplaceWhatIsLeft(offer)) {
                continue;
            }
            SeedSource source = new SeedSource(offer.snapshot().owner(), offer.sibling().where());
            Pull pull = new Pull(mirrors, source, offer, rate.of(source.principal()), maxChunkBytes, ending);
            Pull.Outcome outcome = pull.run();
            hasMoved |= pull.from() >= 0 && pull.at() > pull.from();
            if (outcome instanceof Pull.Outcome.Committed) {
                LOG.infof("seeded: database=%s lsn=%d bytes=%d, from byte %d by the sibling at %s", database,
                        offer.snapshot().lsn(), offer.snapshot().bytes(), pull.from(), offer.sibling().where());
                return true;
            } else if (outcome instanceof Pull.Outcome.Cut cut) {
                LOG.warnf("seeding: database=%s cut at byte %d of %d by the sibling at %s: %s", database, pull.at(),
                        offer.snapshot().bytes(), offer.sibling().where(), Text.readable(cut.why()));
                if (cut.isSlow()) {
                    suspects.put(offer.name(), System.nanoTime());
                }
                begun = pull.at() > 0 ? Optional.of(offer.tag()) : begun;
            } else {
                refused(offer, ((Pull.Outcome.Refused) outcome).refusal());
            }
        }
        return hasMoved;
    }

    private void refused(Offer offer, Refusal refusal) {
        LOG.warnf("seeding: database=%s lsn=%d of the sibling at %s is not taken: %s", offer.snapshot().database(),
                offer.snapshot().lsn(), offer.sibling().where(), refusal.message());
        if (refusal instanceof Refusal.SnapshotCrcMismatch) { // others may have had part in it, but each round one less is asked
            suspects.put(offer.name(), System.nanoTime());
        }
    }

    private boolean isSuspect(Offer.Name name) {
        suspects.values().removeIf(since -> System.nanoTime() - since > SUSPECT_FOR.toNanos());
        return suspects.containsKey(name);
    }

    /** What others have sent before is kept for them, unless the sibling has the very same. */
    private boolean mayReplaceWhatIsLeft(Offer offer) {
        Optional<Mirror> row = board.mirror(offer.snapshot().database());
        if (row.isEmpty() || !(row.get().state() instanceof MirrorState.Disconnected waits)
                || waits.identity().isSame(offer.identity())) {
            return true;
        } else if (!waits.sourceClusterId().equals(offer.snapshot().sourceClusterId())
                || waits.identity().lsn() > offer.snapshot().lsn()) {
            return false; // it is newer, or of somebody else: as long as it is kept
        }
        long now = System.nanoTime();
        Left since = left.compute(row.get().database(), (same, before) -> before != null
                && before.change() == row.get().change() ? before : new Left(row.get().change(), now));
        return now - since.sinceNanos() > LEFT_ALONE.toNanos();
    }
}
