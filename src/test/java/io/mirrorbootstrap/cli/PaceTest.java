package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;

import org.junit.jupiter.api.Test;

class PaceTest {

    private long now;
    private long paused;

    private Pace pace(long bytesPerSecond) {
        return new Pace(bytesPerSecond, () -> now, nanos -> {
            paused += Math.max(0, nanos);
            now += Math.max(0, nanos);
        });
    }

    @Test
    void itTakesTheTimeOfItsRate() {
        Pace pace = pace(1000);
        for (int bytes = 100; bytes <= 5000; bytes += 100) {
            now += Duration.ofMillis(30).toNanos();
            pace.reached(bytes);
        }
        assertEquals(Duration.ofSeconds(5), Duration.ofNanos(now));
    }

    @Test
    void aDiskThatHangsIsNotMadeUpFor() {
        Pace pace = pace(1000);
        now += Duration.ofHours(1).toNanos();
        pace.reached(1000);
        assertEquals(Duration.ofMillis(900), Duration.ofNanos(paused));
    }

    @Test
    void fromTheBeginningAgainItGoesOn() {
        Pace pace = pace(1000);
        pace.reached(1000);
        pace.reached(500);
        assertEquals(Duration.ofMillis(1500), Duration.ofNanos(paused));
    }

    @Test
    void withoutARateItDoesNotWait() {
        pace(0).reached(Long.MAX_VALUE);
        assertEquals(0, paused);
    }
}
