package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

/** How long {@code wait} waits, by a clock that is turned by hand. */
class PatienceTest {

    private long nanos = Long.MAX_VALUE - 1; // a clock may begin anywhere, and go past the end of its numbers

    @Test
    void whatIsNotCountedLeavesTheTimeThatWasLeft() throws Exception {
        Patience patience = new Patience(3, () -> nanos);
        pass(1);
        assertEquals("read", patience.uncounted(() -> {
            pass(70);
            return "read";
        }));
        assertEquals(Duration.ofSeconds(2), patience.left());
        assertThrows(IOException.class, () -> patience.uncounted(() -> {
            pass(70);
            throw new IOException("no");
        }));
        assertEquals(Duration.ofSeconds(2), patience.left());
        pass(3);
        assertEquals(Duration.ofSeconds(-1), patience.left());
    }

    @Test
    void withoutAnEndThereIsAlwaysTimeLeft() {
        Patience patience = new Patience(0, () -> nanos);
        pass(1_000_000);
        assertTrue(patience.left().compareTo(Duration.ofMinutes(1)) > 0);
    }

    private void pass(long seconds) {
        nanos += TimeUnit.SECONDS.toNanos(seconds);
    }
}
