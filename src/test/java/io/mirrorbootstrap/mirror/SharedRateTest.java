package io.mirrorbootstrap.mirror;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ToldApart;

/** Who gets how much of the rate, on a clock that the test turns. */
class SharedRateTest {

    private static final int RATE = 1_000_000;
    private static final int READ = 1000;

    private long nanos;
    private final SharedRate rate = new SharedRate(RATE, () -> nanos, () -> ToldApart.BY_TOKEN);

    /** The links of one caller: each reads, and waits as it is told. */
    private final class Reader {
        private final SharedRate.Share share;
        private final long[] due;
        private final long pauseNanos;
        private long bytes;

        Reader(String caller, int links, long pauseNanos) {
            share = rate.of(
                    new Principal(CallerId.ofToken(caller), Optional.empty(), Optional.empty(), false,
                            Optional.empty()));
            due = new long[links];
            this.pauseNanos = pauseNanos;
        }

        void readWhatMay() {
            for (int i = 0; i < due.length; i++) {
                if (due[i] <= nanos) {
                    due[i] = nanos + Math.max(pauseNanos, share.take(READ));
                    bytes += READ;
                }
            }
        }
    }

    private void pass(int seconds, Reader... readers) {
        for (int millis = 0; millis < seconds * 1000; millis++) {
            Arrays.stream(readers).forEach(Reader::readWhatMay);
            nanos += 1_000_000;
        }
    }

    @Test
    void aCallerThatIsAloneHasItAll() {
        Reader alone = new Reader("a", 4, 0);
        pass(20, alone);
        assertEquals(1.0, alone.bytes / (20.0 * RATE), 0.02);
    }

    @Test
    void manyLinksHaveNoMoreThanOne() {
        Reader many = new Reader("a", 32, 0);
        Reader one = new Reader("b", 1, 0);
        pass(20, many, one);
        assertEquals(0.5, many.bytes / (20.0 * RATE), 0.05);
        assertEquals(0.5, one.bytes / (20.0 * RATE), 0.05);
    }

    @Test
    void whatASlowCallerLeavesTheOthersHave() {
        Reader slow = new Reader("a", 1, 10_000_000); // a tenth of the rate
        Reader fast = new Reader("b", 1, 0);
        pass(20, slow, fast);
        assertTrue(slow.bytes / (20.0 * RATE) > 0.08, () -> "the slow one has " + slow.bytes);
        assertEquals(1.0, (slow.bytes + fast.bytes) / (20.0 * RATE), 0.1);
    }
}
