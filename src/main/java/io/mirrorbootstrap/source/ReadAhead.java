package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.store.PageMemory;

/**
 * Opens and reads a stream on a thread of its own, a little ahead: it may be silent for as long as the program behind it likes, and
 * who takes its bytes has a link to look after meanwhile. Nothing is read behind its end: a terminal, or a named pipe with a new writer,
 * would go on there.
 */
final class ReadAhead implements Closeable {

    private static final int PIECE_BYTES = 256 * 1024;
    /** How many there are: who keeps them all waits in vain for another. The second is full, or there is none behind it. */
    static final int PIECES = 2;

    /** Before another look at what does not wait by itself, as other programs that have it open want it so. */
    private static final long LOOK_MILLIS = 5;

    private final StreamSource source;
    private final String name;
    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private final BlockingQueue<ByteBuffer> free = new LinkedBlockingQueue<>();
    private final Thread thread;

    /** Guarded by this; null until it was opened. */
    private ReadableByteChannel channel;
    /** Guarded by this. */
    private boolean isClosed;

    /** What comes next. */
    sealed interface Piece {

        /** At least one; to be given back. */
        record Bytes(ByteBuffer bytes) implements Piece {
        }

        /** Nothing comes behind it, and the source knows how it has ended. */
        record End() implements Piece {
        }

        /** Nothing comes behind it. */
        record Failed(IOException failure) implements Piece {
        }
    }

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

    /** The next piece, waiting for it at most {@code patience}. One thread. */
    Optional<Piece> next(Duration patience) throws InterruptedException {
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        return Optional.ofNullable(pieces.poll(patience.toNanos(), TimeUnit.NANOSECONDS));
    }

    /** Its memory may be read to again. */
    void giveBack(Piece.Bytes piece) {
        free.add(piece.bytes());
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
            pieces.add(readAll());
        } catch (IOException e) {
            pieces.add(new Piece.Failed(e));
        } catch (InterruptedException e) {
            // closed: nobody waits for more
        } catch (RuntimeException | Error e) {
            pieces.add(new Piece.Failed(new IOException(name + " cannot be read: " + e, e)));
        }
    }

    private Piece.End readAll() throws IOException, InterruptedException {
        ReadableByteChannel opened = open();
        for (int i = 0; i < PIECES; i++) {
            free.add(PageMemory.allocate(PIECE_BYTES));
        }
        boolean isAwaited = true; // the first byte is, later ones only all together
        boolean isOver = false;
        while (!isOver) {
            ByteBuffer bytes = free.take().clear();
            try {
                do {
                    isOver = !read(opened, bytes);
                } while (!isOver && !isAwaited && bytes.hasRemaining());
            } catch (IOException e) {
                throw isAwaited
                        ? new IOException(name + " is closed, or cannot be read: " + e.getMessage(), e)
                        : e;
            }
            isAwaited = false;
            if (bytes.flip().hasRemaining()) {
                pieces.add(new Piece.Bytes(bytes));
            }
        }
        source.awaitEnd();
        return new Piece.End();
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

    private static boolean read(ReadableByteChannel from, ByteBuffer to) throws IOException, InterruptedException {
        int read = from.read(to);
        while (read == 0) {
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            read = from.read(to);
        }
        return read > 0;
    }
}
