package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;

/** A connection with an answer that does not leave, by a clock that is turned by hand. */
class UnreadAnswersTest {

    /** From one look to the next. */
    private static final int LOOK = 7;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private long nanos = Long.MAX_VALUE - 1; // a clock may go past the end of its numbers

    @BeforeEach
    void watch() {
        channel.freezeTime();
        channel.pipeline().addLast(new UnreadAnswers.Watch(Duration.ofSeconds(4 * LOOK), () -> nanos));
        channel.write(Unpooled.buffer().writeZero(1)); // and not flushed
    }

    @AfterEach
    void end() {
        channel.finishAndReleaseAll();
    }

    @Test
    void itIsCutInTime() {
        pass(LOOK, 4);
        assertTrue(channel.isOpen());
        pass(LOOK, 1);
        assertFalse(channel.isOpen());
    }

    /** As by SIGSTOP: what is due is done before the socket is written to again. */
    @Test
    void timeInWhichTheProcessWasStoppedDoesNotCount() {
        pass(LOOK, 3);
        pass(3600, 1);
        assertTrue(channel.isOpen());
        pass(LOOK, 4);
        assertTrue(channel.isOpen());
        pass(LOOK, 1);
        assertFalse(channel.isOpen());
    }

    private void pass(int seconds, int times) {
        for (int i = 0; i < times; i++) {
            nanos += TimeUnit.SECONDS.toNanos(seconds);
            channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
            channel.runPendingTasks();
        }
    }
}
