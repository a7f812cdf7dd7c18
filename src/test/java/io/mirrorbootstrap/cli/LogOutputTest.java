package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lines of the log that nobody reads: who logs goes on, what is lost is told, and the last lines of a process are waited for. */
@Timeout(60)
class LogOutputTest {

    private static final Duration LONG = Duration.ofMinutes(10);

    private final Reader reader = new Reader();

    @Test
    void aLineThatIsLongerThanWhatMayWaitIsWrittenAllTheSame() throws Exception {
        LogOutput log = new LogOutput(reader, LONG, LogOutputTest::notice);
        String line = "x".repeat(LogOutput.MAX_WAITING + 1);
        say(log, line);
        log.ends();
        assertEquals(line + "\n", reader.text());
    }

    @Test
    void whoLogsDoesNotWaitForWhoReads() throws Exception {
        LogOutput log = new LogOutput(reader, LONG, LogOutputTest::notice);
        reader.stops();
        say(log, "first");
        reader.isAwaited();
        say(log, "second");
        say(log, "third");
        assertEquals("", reader.text());
        reader.isBack();
        log.ends();
        assertEquals("first\nsecond\nthird\n", reader.text());
    }

    @Test
    void whatThereIsNoRoomForIsCounted() throws Exception {
        LogOutput log = new LogOutput(reader, LONG, LogOutputTest::notice);
        reader.stops();
        say(log, "first");
        reader.isAwaited();
        say(log, "x".repeat(LogOutput.MAX_WAITING - 1));
        say(log, "too much");
        say(log, "too much, too");
        reader.isBack();
        log.ends();
        say(log, "last");
        assertEquals("first\n" + "x".repeat(LogOutput.MAX_WAITING - 1) + "\n2 missing\nlast\n", reader.text());
    }

    @Test
    void whenTheProcessEndsEachLineIsWaitedFor() {
        LogOutput log = new LogOutput(reader, LONG, LogOutputTest::notice);
        say(log, "before");
        log.ends();
        assertEquals("before\n", reader.text());
        say(log, "last");
        assertEquals("before\nlast\n", reader.text());
    }

    @Test
    void butNotForEverAndOnlyOnce() throws Exception {
        LogOutput log = new LogOutput(reader, Duration.ofMillis(1), LogOutputTest::notice);
        reader.stops();
        say(log, "before");
        log.ends();
        say(log, "last");
        assertEquals("", reader.text());
    }

    @Test
    void anOutputThatFailsIsTriedAgain() throws Exception {
        LogOutput log = new LogOutput(reader, LONG, LogOutputTest::notice);
        reader.fails = true;
        say(log, "lost");
        log.ends();
        reader.fails = false;
        say(log, "last");
        assertEquals("last\n", reader.text());
    }

    private static String notice(int missing) {
        return missing + " missing\n";
    }

    private static void say(LogOutput log, String line) {
        try {
            byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
            log.write(bytes, 0, bytes.length);
            log.flush();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A pipe, whose other end is read or not. */
    private static final class Reader extends OutputStream {

        private final ByteArrayOutputStream text = new ByteArrayOutputStream();
        private final CountDownLatch awaited = new CountDownLatch(1);
        private final Semaphore reads = new Semaphore(1);
        private volatile boolean fails;

        void stops() throws InterruptedException {
            reads.acquire();
        }

        void isBack() {
            reads.release();
        }

        void isAwaited() throws InterruptedException {
            assertTrue(awaited.await(30, TimeUnit.SECONDS));
        }

        String text() {
            return text.toString(StandardCharsets.UTF_8);
        }

        @Override
        public void write(int b) {
            throw new AssertionError("a system call for each byte");
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            awaited.countDown();
            reads.acquireUninterruptibly();
            try {
                if (fails) {
                    throw new IOException("broken pipe");
                }
                text.write(bytes, from, length);
            } finally {
                reads.release();
            }
        }
    }
}
