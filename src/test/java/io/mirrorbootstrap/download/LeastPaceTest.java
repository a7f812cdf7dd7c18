package io.mirrorbootstrap.download;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

class LeastPaceTest {

    private long nanos;
    private final LeastPace pace = new LeastPace(() -> nanos);

    @Test
    void whatIsTakenInAMinuteOfWaitingCounts() {
        for (int i = 0; i < 59; i++) {
            take(1000, 1);
            assertEquals(OptionalLong.empty(), pace.window());
        }
        take(1000, 1);
        assertEquals(OptionalLong.of(60_000), pace.window());
        assertEquals(OptionalLong.empty(), pace.window());
    }

    @Test
    void whatDoesNotWaitForTheSocketTakesNoTime() {
        for (int i = 0; i < 59; i++) {
            take(1000, 1);
            pass(100); // as where the rate is waited for
            assertEquals(OptionalLong.empty(), pace.window());
        }
    }

    @Test
    void twoThatWaitAtOnceWaitOnce() {
        pace.writing();
        pass(20);
        pace.writing();
        pass(20);
        pace.written(7);
        assertEquals(OptionalLong.empty(), pace.window());
        pass(20);
        assertEquals(OptionalLong.of(7), pace.window(), "though one still waits");
        pass(60);
        assertEquals(OptionalLong.of(0), pace.window());
    }

    private void take(int bytes, int seconds) {
        pace.writing();
        pass(seconds);
        pace.written(bytes);
    }

    private void pass(int seconds) {
        nanos += TimeUnit.SECONDS.toNanos(seconds);
    }
}
