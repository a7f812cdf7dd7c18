package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Opens and reads a stream on a thread of its own, as far as it is given memory: it may be silent for as long as the program behind it
 * likes, and who takes its bytes has a link to look after meanwhile. Nothing is read behind its end: a terminal, or a named pipe with a
 * new writer, would go on there.
 */
final class ReadAhead implements Closeable {

    /** Before another look at what does not wait by itself, as other programs that have it open want it so. */
    private static final long LOOK_MILLIS = 5;

    private final StreamSource source;
    private final String name;
    private final Thread thread;

    /** Guarded by this; what is read to next. */
    private final Deque<ByteBuffer> offered = new ArrayDeque<>();
    /** Guarded by this. */
    private long readBytes;
    /** Guarded by this; nobody is woken before. */
    private long awaitedBytes;
    /** Guarded by this. */
    private boolean isOver;
    /** Guarded by this. */
    private Optional<IOException> failure = Optional.empty();
    /** Guarded by this; null until it was opened. */
    private ReadableByteChannel channel;
    /** Guarded by this. */
    private boolean isClosed;

    /**
     * Opens nothing yet.
     *
     * @param source opened by the thread that reads
     * @param name what it is called in messages
     */
    ReadAhead(StreamSource source, String name) {
        this.source = source;
        this.name = name;
        this.thread = new Thread(this::run, "reader of the stream");
        thread.setDaemon(true); // what waits for a program, or for a writer to come, keeps no process
    }

    /** Memory for the bytes behind those for which there is some; it is written to until it is full, or the stream is over. */
    synchronized void offer(ByteBuffer memory) {
        assert memory.hasRemaining() : "a read to no memory is none";
        offered.add(memory);
        notifyAll();
    }

    /**
     * Waits, at most {@code patience}, until so many bytes have been read, or nothing comes any more. One thread.
     *
     * @return how many have been read
     */
    synchronized long await(long bytes, Duration patience) throws InterruptedException {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        awaitedBytes = bytes;
        long end = System.nanoTime() + patience.toNanos();
        long left = patience.toNanos();
        while (readBytes < bytes && !isOver && left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
            left = end - System.nanoTime();
        }
        return readBytes;
    }

    /** How many bytes have been read. */
    synchronized long readBytes() {
        return readBytes;
    }

    /** Whether nothing comes any more, and the source knows how it has ended. */
    synchronized boolean isOver() {
        return isOver;
    }

    /** Where the stream has ended, in bytes; empty while it has not, or where it has failed. */
    synchronized OptionalLong end() {
        return isOver && failure.isEmpty() ? OptionalLong.of(readBytes) : OptionalLong.empty();
    }

    /** Why nothing comes any more, unless that is the end. */
    synchronized Optional<IOException> failure() {
        return failure;
    }

    /** Whoever waits for the stream does so no longer. */
    @Override
    public void close() throws IOException {
        thread.interrupt();
        synchronized (this) {
            isClosed = true;
            if (channel != null) {
                channel.close();
            }
        }
    }

    private void run() {
        try {
            readAll();
            isOver(Optional.empty());
        } catch (IOException e) {
            isOver(Optional.of(e));
        } catch (InterruptedException e) {
            // closed: nobody waits for more
        } catch (RuntimeException | Error e) {
            isOver(Optional.of(new IOException(name + " cannot be read: " + e, e)));
        }
    }

    private void readAll() throws IOException, InterruptedException {
        ReadableByteChannel opened = open();
        ByteBuffer memory = take();
        int bytes = readFirst(opened, memory);
        while (bytes >= 0) {
            came(bytes);
            if (!memory.hasRemaining()) {
                memory = take();
            }
            bytes = read(opened, memory);
        }
        source.awaitEnd();
    }

    private int readFirst(ReadableByteChannel from, ByteBuffer to) throws IOException, InterruptedException {
        try {
            return read(from, to);
        } catch (IOException e) {
            throw new IOException(name + " is closed, or cannot be read: " + e.getMessage(), e);
        }
    }

    private ReadableByteChannel open() throws IOException {
        ReadableByteChannel opened = source.open();
        synchronized (this) {
            channel = opened;
            if (isClosed) {
                opened.close();
            }
        }
        return opened;
    }

    /** Waits for at least one byte; negative at the end. */
    private static int read(ReadableByteChannel from, ByteBuffer to) throws IOException, InterruptedException {
        int read = from.read(to);
        while (read == 0) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            read = from.read(to);
        }
        return read;
    }

    private synchronized ByteBuffer take() throws InterruptedException {
        while (offered.isEmpty()) {
            wait();
        }
        return offered.remove();
    }

    private synchronized void came(int bytes) {
        readBytes += bytes;
        if (readBytes >= awaitedBytes) {
            notifyAll();
        }
    }

    private synchronized void isOver(Optional<IOException> why) {
        isOver = true;
        failure = why;
        notifyAll();
    }
}
