package io.mirrorbootstrap.seed;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.IngestRate;
import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorState;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
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

    /** So long nothing has to come of what seeding has begun until something older may take its place. */
    private static final Duration GIVEN_UP = Duration.ofMinutes(10);

    /** So long a database is brought while others are lacking, too: then it is their turn. */
    private static final Duration TURN = Duration.ofMinutes(2);

    private static final Duration WRONG_IS_LEFT_ALONE = Duration.ofMinutes(10);
    private static final Duration CHANGED_IS_LEFT_ALONE = Duration.ofSeconds(10);

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
    /** Were not what their provider had said, or came in drops. */
    private final Suspects suspects;
    /** Have become others while they were read, as one does by chance, or each time: where two servers answer in turn. */
    private final Suspects restless;
    private final LongSupplier nanoTime;
    private Duration pause = SHORTEST_PAUSE;

    /**
     * A transfer that waits.
     *
     * @param bytes how much of it is kept
     * @param sinceNanos when it was seen first that these are all
     */
    private record Left(SnapshotIdentity identity, long bytes, long sinceNanos) {
    }

    /** @param nanoTime a clock that only goes forward */
    Seeding(List<DatabaseId> expected, Siblings siblings, SeedObjects objects, SeedLog log, Mirrors mirrors,
            StatusBoard board, RemovedOnRequest removed, IngestRate rate, long maxChunkBytes, Ending ending,
            LongSupplier nanoTime) {
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
        this.nanoTime = nanoTime;
        this.suspects = new Suspects(WRONG_IS_LEFT_ALONE, nanoTime);
        this.restless = new Suspects(CHANGED_IS_LEFT_ALONE, nanoTime);
    }

    @Override
    public void run() {
        try {
            while (true) {
                boolean hasMoved = tryRound();
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

    /** Where there is no thread for a connection, that is an {@link Error}: there may be one when the next round comes. */
    private boolean tryRound() throws InterruptedException {
        try {
            return round();
        } catch (RuntimeException | Error e) {
            LOG.error("seeding: a round failed unexpectedly, and the next one comes at its time", e);
            return false;
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
        long begun = nanoTime.getAsLong();
        BooleanSupplier isOthersTurn = () -> nanoTime.getAsLong() - begun > TURN.toNanos()
                && expected.stream().anyMatch(other -> !other.equals(database) && isWanted(other));
        Optional<Offer> moved = Optional.empty();
        for (Offer offer : offers(database)) {
            boolean isAnother = moved.filter(other -> !other.identity().isSame(offer.identity())).isPresent();
            if (isAnother || !isWanted(database) || !mayReplaceWhatIsLeft(offer)) {
                continue;
            }
            SeedSource source = new SeedSource(offer.owner(), offer.provider().where());
            removed.begins(offer.identity(), source.address());
            Pull pull = new Pull(mirrors, source, offer, rate.of(source.principal()), maxChunkBytes, ending,
                    isOthersTurn, nanoTime);
            Pull.Outcome outcome = pull.run();
            boolean hasMoved = pull.from() >= 0 && pull.at() > pull.from();
            if (outcome instanceof Pull.Outcome.Committed) {
                LOG.infof("seeded: database=%s lsn=%d bytes=%d, from byte %d by %s", database, offer.identity().lsn(),
                        offer.identity().totalBytes(), pull.from(), offer.provider().words());
                return true;
            } else if (outcome instanceof Pull.Outcome.MadeWay) {
                return true;
            } else if (outcome instanceof Pull.Outcome.Here) {
                return false;
            } else if (outcome instanceof Pull.Outcome.Busy) {
                log.info(database + " is busy", "database=" + database
                        + " is looked at again later: what is here of it is being read, or committed");
                return false;
            } else if (outcome instanceof Pull.Outcome.Changed) {
                removed.drops(database);
                pull.drop();
                hasMoved = false;
            }
            moved = hasMoved ? Optional.of(offer) : moved;
            tell(offer, pull, outcome);
        }
        return moved.isPresent();
    }

    /** What is offered of {@code database}, the best first. */
    private List<Offer> offers(DatabaseId database) throws InterruptedException {
        List<Offer> offers = new ArrayList<>(ending.during(() -> siblings.offers(database)));
        offers.addAll(ending.during(() -> objects.offers(database)));
        return Offer
                .inOrder(offers.stream().filter(offer -> !suspects.has(offer.name()) && !restless.has(offer.place()))
                        .toList());
    }

    private void tell(Offer offer, Pull pull, Pull.Outcome outcome) {
        String what = "database=" + offer.identity().database();
        String whose = offer.provider().words();
        if (outcome instanceof Pull.Outcome.Cut cut) {
            what += " cut at byte " + pull.at() + " of " + offer.identity().totalBytes() + " by " + whose + ": "
                    + Text.readable(cut.why()) + (cut.isSlow() ? avoid(offer) : "");
        } else if (outcome instanceof Pull.Outcome.Changed changed) {
            what += ", " + whose + " has become another while it was read, and what had come is dropped: "
                    + Text.readable(changed.why()) + "; it is read again in " + restless.add(offer.place()).toSeconds()
                    + " seconds";
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

    /**
     * Whether {@code offer} may take the place of what has come before. What others have sent is kept for them; what seeding itself has begun,
     * for whoever has the same, as long as more of it comes now and then, or at least for a while.
     */
    private boolean mayReplaceWhatIsLeft(Offer offer) {
        DatabaseId database = offer.identity().database();
        Optional<Mirror> row = board.mirror(database);
        if (row.isEmpty() || !(row.get().state() instanceof MirrorState.Disconnected waits)
                || waits.identity().isSame(offer.identity())) {
            return true;
        }
        boolean isOlder = waits.identity().lsn() > offer.identity().lsn()
                || !waits.sourceClusterId().equals(offer.identity().sourceClusterId());
        boolean isOwn = removed.isOwn(waits.identity());
        if (isOlder && !isOwn) {
            log.info(database + " waits", "database=" + database + " lsn=" + offer.identity().lsn() + " of "
                    + offer.provider().words() + " is not taken: a source has left " + waits.bytesKept()
                    + " bytes of another cluster's snapshot, or of a newer one, and may come back to them; to have them removed: mirror-bootstrap rm "
                    + database);
            return false; // as long as it is kept
        }
        long now = nanoTime.getAsLong();
        Left since = left.compute(database, (same, before) -> before != null
                && before.identity().isSame(waits.identity()) && before.bytes() == waits.bytesKept()
                        ? before
                        : new Left(waits.identity(), waits.bytesKept(), now));
        return isOwn && waits.bytesKept() == 0
                || now - since.sinceNanos() > (isOlder ? GIVEN_UP : LEFT_ALONE).toNanos();
    }
}
