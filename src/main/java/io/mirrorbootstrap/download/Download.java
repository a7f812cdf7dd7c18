package io.mirrorbootstrap.download;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.access.Connections;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;

/**
 * The bytes of one answer on their way: a worker makes pieces ready, the event loop writes them, and neither waits for the other. Event loop
 * only, but where it says otherwise.
 */
final class Download {

    /** A piece that takes less says soon enough that the connection is not idle. */
    private static final long LONG_NANOS = Duration.ofSeconds(1).toNanos();

    private static final int SMALLEST_BYTES = 64 * 1024;

    private static final Duration BETWEEN_LOOKS = LeastPace.WINDOW.dividedBy(4);

    private final ChannelHandlerContext connection;
    private final Outlet outlet;
    private final Downloads.Place place;
    private final Executor workers;
    private final LongSupplier nanoTime;
    private final End end;
    private final LeastPace pace;
    private final ScheduledFuture<?> looks;

    private final ByteRange range;
    private long ready;
    private long sent;
    private int pieceBytes = SMALLEST_BYTES;
    private int beingWritten;
    private boolean isBusy; // a worker makes a piece, or the rate is waited for
    private boolean isCopiedNext; // behind a region that has given nothing: a copy brings it on, or tells what has failed
    private boolean isOver;
    private boolean isAsking; // a worker looks whether the file has its name
    private long refusedBefore;
    private Optional<Failure> failure = Optional.empty();

    /**
     * Why a download has not brought all bytes.
     *
     * @param isOurs whether the disk has failed, or this process; else the connection has
     */
    record Failure(boolean isOurs, Throwable cause) {
    }

    /** The other end has taken next to nothing, for long. */
    static final class TooSlowException extends IOException {

        private static final long serialVersionUID = 1;

        private TooSlowException(long bytes) {
            super("the other end has taken " + bytes + " bytes in " + LeastPace.WINDOW.toSeconds() + " seconds");
        }
    }

    /** Hears how a download has ended, once, when nobody has to do with its file any more. Event loop only. */
    @FunctionalInterface
    interface End {

        /**
         * @param sent how many bytes have left
         * @param failure empty when all have
         */
        void ended(long sent, Optional<Failure> failure);
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
        this.pace = new LeastPace(nanoTime);
        this.refusedBefore = place.refused();
        this.looks = connection.executor().scheduleWithFixedDelay(this::look, BETWEEN_LOOKS.toMillis(),
                BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
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
                looks.cancel(false);
                end.ended(sent, failure);
            }
        } else if (ready < range.to() && beingWritten < outlet.mostAtOnce()) {
            makeNext();
        }
    }

    /**
     * Ends a download whose other end takes next to nothing, where that costs others something: while they are refused a place, or where the
     * file has been removed, and its room is not free before.
     */
    void look() {
        OptionalLong taken = pace.window();
        if (isOver || taken.isEmpty()) {
            return;
        }
        boolean isWanted = place.refused() > refusedBefore;
        refusedBefore = place.refused();
        if (taken.getAsLong() >= LeastPace.LEAST_BYTES) {
            return;
        } else if (isWanted) {
            cut(taken.getAsLong());
        } else if (!isAsking) {
            cutIfRemoved(taken.getAsLong());
        }
    }

    private void cutIfRemoved(long taken) {
        isAsking = true;
        try {
            workers.execute(() -> {
                boolean isRemoved = outlet.isRemoved();
                connection.executor().execute(() -> {
                    isAsking = false;
                    if (isRemoved) {
                        cut(taken);
                    }
                });
            });
        } catch (RejectedExecutionException e) {
            isAsking = false; // the next window asks again
        }
    }

    private void cut(long taken) {
        if (!isOver) {
            fails(false, new TooSlowException(taken));
            Connections.cut(connection.channel()); // what waits for the socket fails
            goOn();
        }
    }

    private void makeNext() {
        isBusy = true;
        long at = ready;
        boolean isCopied = isCopiedNext;
        int most = isCopied ? SMALLEST_BYTES : Math.min(pieceBytes, outlet.most());
        int bytes = (int) Math.min(range.to() - at, place.share().atMost(most));
        try {
            workers.execute(() -> make(at, bytes, isCopied));
        } catch (RejectedExecutionException e) { // no thread, or the process is ending
            goOnAfter(() -> fails(true, e));
        }
    }

    /** Worker only. */
    private void make(long at, int bytes, boolean isCopied) {
        Runnable then;
        try {
            Piece piece = isCopied ? outlet.copy(at, bytes) : outlet.piece(at, bytes);
            then = () -> write(piece, bytes);
        } catch (IOException | RuntimeException | Error e) {
            then = () -> fails(true, e);
        }
        Runnable made = then;
        connection.executor().execute(() -> goOnAfter(made));
    }

    private void goOnAfter(Runnable step) {
        isBusy = false;
        step.run();
        goOn();
    }

    private void write(Piece piece, int asked) {
        if (failure.isPresent()) {
            piece.message().release();
            return;
        }
        beingWritten++;
        pace.writing();
        long from = nanoTime.getAsLong();
        ChannelFuture written = connection.writeAndFlush(piece.message());
        int promised = piece.promised();
        takeAsReady(promised); // before anybody listens: what is written may be gone already, and goes on then
        written.addListener(gone -> {
            beingWritten--;
            pace.written(gone.isSuccess() ? piece.given() : 0);
            if (gone.isSuccess()) {
                int given = piece.given();
                takeAsReady(given - promised);
                isCopiedNext = given == 0;
                sent += given;
                place.sent(given);
                boolean wasLong = nanoTime.getAsLong() - from > LONG_NANOS;
                pieceBytes = wasLong ? SMALLEST_BYTES : nextBytes(given, asked);
            } else {
                fails(connection.channel().isActive(), gone.cause());
            }
            goOn();
        });
    }

    private void takeAsReady(int bytes) {
        if (bytes > 0) {
            ready += bytes;
            long wait = place.share().take(bytes);
            if (wait > 0) {
                isBusy = true;
                connection.executor().schedule(() -> goOnAfter(() -> {
                }), wait, TimeUnit.NANOSECONDS);
            }
        }
    }

    /** About what the socket takes at once: of more, what is made ready for nothing would be much. */
    private int nextBytes(int given, int asked) {
        int next = given < asked ? Math.min(pieceBytes, 2 * given) : 2 * pieceBytes;
        return Math.max(SMALLEST_BYTES, Math.min(next, outlet.most()));
    }

    private void fails(boolean isOurs, Throwable cause) {
        failure = failure.or(() -> Optional.of(new Failure(isOurs, cause)));
    }
}
