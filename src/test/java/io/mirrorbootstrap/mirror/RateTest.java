package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalLong;

import org.junit.jupiter.api.Test;

class RateTest {

    @Test
    void theLargestRestTakesAPositiveTime() {
        Rate rate = new Rate(1e9, System.nanoTime(), 0);
        assertTrue(rate.secondsFor(Long.MAX_VALUE).getAsLong() > 9_000_000_000L);
        assertEquals(OptionalLong.of(0), rate.secondsFor(0));
        assertEquals(OptionalLong.of(1), rate.secondsFor(1), "it is not over yet");
        assertEquals(OptionalLong.empty(), Rate.startingAt(0).secondsFor(1));
    }
}
