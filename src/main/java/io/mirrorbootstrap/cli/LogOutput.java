package io.mirrorbootstrap.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * The way of the log's lines to an output whose reader may stop for as long as it likes: they wait here for a thread of their own, so that
 * who logs, perhaps an event loop, does not. What comes when {@value #MAX_WAITING} bytes wait is left out, and counted. Any thread.
 */
final class LogOutput extends OutputStream {

    static final int MAX_WAITING = 256 * 1024;

    private final OutputStream out;
    private final Duration patience;
    private final IntFunction<String> notice;
    private final Thread thread = new Thread(this::writeOn, "log");

    // guarded by this
    /** What has not been flushed yet. */
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private ByteArrayOutputStream written = new ByteArrayOutputStream();
    private boolean writing;
    private int missing;
    private boolean waitsForLines;

    /**
     * @param patience how long who logs waits for its line, once the process {@link #ends}
     * @param notice what is written where so many lines are missing, when the reader is back
     */
    LogOutput(OutputStream out, Duration patience, IntFunction<String> notice) {
        this.out = out;
        this.patience = patience;
        this.notice = notice;
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public synchronized void write(int b) {
        line.write(b);
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int length) {
        line.write(bytes, from, length);
    }

    /** What has been written since the last time is one line, perhaps with a trace. */
    @Override
    public synchronized void flush() throws IOException {
        if (line.size() == 0) {
            return;
        }
        if (missing > 0 || waiting.size() > 0 && waiting.size() + line.size() > MAX_WAITING) {
            missing++; // all that follow, too: where lines are missing is one place
        } else {
            line.writeTo(waiting);
        }
        line.reset();
        notifyAll();
        if (waitsForLines) {
            drain();
        }
    }

    /**
     * The process is about to end: what waits is written, and from now on each line before who logs it goes on. Whoever has waited in vain
     * is the last to wait.
     */
    synchronized void ends() {
        waitsForLines = true;
        drain();
    }

    private void drain() {
        assert Thread.holdsLock(this);
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            while (waitsForLines && (writing || waiting.size() > 0 || missing > 0)) {
                long left = deadline - System.nanoTime();
                waitsForLines = left > 0;
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever logs goes on with that
        }
    }

    private void writeOn() {
        try {
            while (true) {
                int missingBehind = next();
                try {
                    written.writeTo(out);
                    if (missingBehind > 0) {
                        out.write(notice.apply(missingBehind).getBytes(StandardCharsets.UTF_8));
                    }
                    out.flush();
                } catch (IOException | RuntimeException | Error e) {
                    // there is nowhere to say it; the next lines may be written again
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does that
        }
    }

    /** Takes what waits; returns how many lines are missing behind it. */
    private synchronized int next() throws InterruptedException {
        writing = false;
        notifyAll();
        while (waiting.size() == 0 && missing == 0) {
            wait();
        }
        ByteArrayOutputStream empty = written;
        empty.reset();
        written = waiting;
        waiting = empty;
        writing = true;
        int missingBehind = missing;
        missing = 0;
        return missingBehind;
    }
}
