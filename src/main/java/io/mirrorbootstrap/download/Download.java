package io.mirrorbootstrap.download;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.ReferenceCountUtil;

/**
 * The bytes of one answer on their way: a worker makes a piece ready while the event loop writes the one before it, and neither waits for the
 * other. Event loop only, but where it says otherwise.
 */
final class Download {

    /** Pieces that are being written at once: the socket has something to take while the next is handed over. */
    private static final int MOST_WRITTEN_AT_ONCE = 2;

    /** A piece that takes less says soon enough that the connection is not idle. */
    private static final long LONG_NANOS = Duration.ofSeconds(1).toNanos();

    private static final int SMALLEST_BYTES = 64 * 1024;

    private final ChannelHandlerContext connection;
    private final Outlet outlet;
    private final Downloads.Place place;
    private final Executor workers;
    private final LongSupplier nanoTime;
    private final End end;

    private final ByteRange range;
    private long ready;
    private long sent;
    private int pieceBytes = SMALLEST_BYTES;
    private int beingWritten;
    private boolean isBusy; // a worker makes a piece, or the rate is waited for
    private boolean isOver;
    private Optional<Throwable> failure = Optional.empty();

    /** Hears how a download has ended, once, when nobody has to do with its file any more. Event loop only. */
    @FunctionalInterface
    interface End {

        /**
         * @param sent how many bytes have left
         * @param failure empty when all have
         */
        void ended(long sent, Optional<Throwable> failure);
    }

    /**
     * @param connection its pieces are written from here
     * @param place counts them, and says how fast they may go
     * @param range of the file that {@code outlet} has
     * @param nanoTime a clock that only goes forward
     */
    Download(ChannelHandlerContext connection, Outlet outlet, ByteRange range, Downloads.Place place, Executor workers,
            LongSupplier nanoTime, End end) {
        this.connection = connection;
        this.outlet = outlet;
        this.range = range;
        this.place = place;
        this.workers = workers;
        this.nanoTime = nanoTime;
        this.end = end;
        this.ready = range.from();
    }

    /** Begins, or goes on where it can. */
    void goOn() {
        assert connection.executor().inEventLoop();
        assert range.from() + sent <= ready && ready <= range.to();
        if (isOver || isBusy) {
            return;
        } else if (failure.isPresent() || sent == range.bytes()) {
            if (beingWritten == 0) {
                isOver = true;
                end.ended(sent, failure);
            }
        } else if (ready < range.to() && beingWritten < MOST_WRITTEN_AT_ONCE) {
            makeNext();
        }
    }

    private void makeNext() {
        isBusy = true;
        long at = ready;
        int bytes = (int) Math.min(range.to() - at, place.share().atMost(Math.min(pieceBytes, outlet.most())));
        try {
            workers.execute(() -> make(at, bytes));
        } catch (RejectedExecutionException e) { // no thread, or the process is ending
            goOnAfter(() -> fails(e));
        }
    }

    /** Worker only. */
    private void make(long at, int bytes) {
        Runnable then;
        try {
            Object piece = outlet.piece(at, bytes);
            then = () -> write(piece, bytes);
        } catch (IOException | RuntimeException | Error e) {
            then = () -> fails(e);
        }
        Runnable made = then;
        connection.executor().execute(() -> goOnAfter(made));
    }

    private void goOnAfter(Runnable step) {
        isBusy = false;
        step.run();
        goOn();
    }

    private void write(Object piece, int bytes) {
        if (failure.isPresent()) {
            ReferenceCountUtil.release(piece);
            return;
        }
        ready += bytes;
        beingWritten++;
        long wait = place.share().take(bytes);
        if (wait > 0) { // first: what is written may be gone at once, and go on
            isBusy = true;
            connection.executor().schedule(() -> goOnAfter(() -> {
            }), wait, TimeUnit.NANOSECONDS);
        }
        long from = nanoTime.getAsLong();
        connection.writeAndFlush(piece).addListener(gone -> {
            beingWritten--;
            if (gone.isSuccess()) {
                sent += bytes;
                place.sent(bytes);
                boolean wasLong = nanoTime.getAsLong() - from > LONG_NANOS;
                pieceBytes = wasLong ? SMALLEST_BYTES : Math.min(2 * pieceBytes, outlet.most());
            } else {
                fails(gone.cause());
            }
            goOn();
        });
    }

    private void fails(Throwable cause) {
        failure = failure.or(() -> Optional.of(cause));
    }
}
