package io.mirrorbootstrap.seed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.DatabaseId;

/** For how long nothing is read of a snapshot that was wrong. */
class SuspectsTest {

    private static final Offer.Name NAME = new Offer.Name(new DatabaseId("orders"), "https://storage/orders.tar",
            "one");

    private static final Duration SHORTEST = Duration.ofMinutes(10);

    private long now;
    private final Suspects suspects = new Suspects(SHORTEST, () -> now);

    @Test
    void eachTimeItIsLeftAloneForTwiceAsLongUpToADay() {
        Duration pause = Duration.ZERO;
        for (int i = 0; i < 20; i++) {
            pause = suspects.add(NAME);
            assertTrue(suspects.has(NAME));
            assertEquals(i < 8 ? SHORTEST.multipliedBy(1 << i) : Duration.ofDays(1), pause);
            now += pause.toNanos() + 1;
            assertFalse(suspects.has(NAME));
        }
    }

    @Test
    void anotherIsNoSuspectNorOneThatWasRightSince() {
        Duration first = suspects.add(NAME);
        assertFalse(suspects.has(new Offer.Name(NAME.database(), NAME.address(), "two")));
        assertFalse(suspects.has(new Offer.Name(new DatabaseId("other"), NAME.address(), NAME.tag())));
        now += first.plus(SHORTEST).toNanos();
        assertFalse(suspects.has(NAME));
        assertEquals(first.multipliedBy(2), suspects.add(NAME), "it has perhaps not been read since");
        now += first.multipliedBy(2).plus(Duration.ofDays(1)).toNanos() + 1;
        assertFalse(suspects.has(NAME));
        assertEquals(first, suspects.add(NAME));
    }
}
