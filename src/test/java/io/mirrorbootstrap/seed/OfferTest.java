package io.mirrorbootstrap.seed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Which of several offers is taken first. */
class OfferTest {

    private static final DatabaseId DATABASE = new DatabaseId("orders");
    /** Nobody asks it. */
    private static final Sibling SIBLING = new Sibling(null, InetAddress.getLoopbackAddress(), 8080);
    private static final Instant DAY = Instant.parse("2026-11-28T00:00:00Z");

    @Test
    void theNewestByItsLsnIsFirstAndThenWhoeverHasLeastToDo() {
        Offer old = offer(41, 1, DAY.plusSeconds(99), 0);
        Offer busy = offer(42, 2, DAY.plusSeconds(50), 3);
        Offer idle = offer(42, 2, DAY, 0);
        assertEquals(List.of(idle, busy, old), Offer.inOrder(List.of(old, busy, idle)));
    }

    @Test
    void whereNoLsnIsKnownTheNewestIsWhatCameLastToWhoeverHadItFirst() {
        Offer old = offer(0, 1, DAY, 0);
        Offer oldAtAnother = offer(0, 1, DAY.plusSeconds(99), 0); // which has read it from a sibling
        Offer recent = offer(0, 2, DAY.plusSeconds(50), 3);
        assertEquals(recent, Offer.inOrder(List.of(oldAtAnother, old, recent)).get(0));
        assertEquals(recent, Offer.inOrder(List.of(recent, old, oldAtAnother)).get(0));
    }

    @Test
    void whatAnObjectHasBegunASiblingGoesOnWith() {
        SnapshotIdentity named = new SnapshotIdentity("cluster", DATABASE, 8, 100, Crc32c.EMPTY).named("u-name");
        Offer sibling = Offer.of(SIBLING, new CommittedSnapshot("cluster", DATABASE, 8, 100, new Crc32c(7), DAY,
                Optional.of("u-name"), Notes.NONE, Optional.empty()), 0);
        assertTrue(named.isSame(sibling.identity()));
        assertEquals(Optional.empty(), named.mismatch(sibling.stamp(new Crc32c(7)), true));
    }

    private static Offer offer(long lsn, int crc32c, Instant committedAt, int downloads) {
        return Offer.of(SIBLING, new CommittedSnapshot("cluster", DATABASE, lsn, 1, new Crc32c(crc32c),
                committedAt), downloads);
    }
}
