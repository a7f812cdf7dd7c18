package io.mirrorbootstrap.source;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.store.Reason;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.net.impl.ConnectionBase;

/** The bytes of a long answer as they come; the socket is not read while none are taken. One thread. */
public final class AnswerBody implements AutoCloseable {

    /** So much, at most, may come before the head of the answer has been looked at: what one turn of an event loop reads, and some. */
    static final int BYTES_BEFORE = 4 * 1024 * 1024;

    /** So many pieces, as the socket brings them, may wait to be taken. */
    private static final int PIECES_AHEAD = 16;

    /** What is behind the last piece. */
    private record End(Optional<Throwable> failure) {
    }

    private final Exchange exchange;
    private final HttpClientResponse answer;
    private final Context loop;
    private final BlockingQueue<Object> arrived = new LinkedBlockingQueue<>();

    /** Event loop only, when the head of {@code answer} has come. */
    AnswerBody(Exchange exchange, HttpClientResponse answer) {
        BoundedTransport.lift(((ConnectionBase) answer.request().connection()).channel());
        this.exchange = exchange;
        this.answer = answer;
        this.loop = Vertx.currentContext();
        answer.pause();
        answer.exceptionHandler(failure -> arrived.add(new End(Optional.of(failure))));
        answer.endHandler(done -> arrived.add(new End(Optional.empty())));
        answer.handler(arrived::add);
        answer.fetch(PIECES_AHEAD);
    }

    /**
     * The next piece.
     *
     * @param patience how long it may take
     * @throws IOException when it does not come, with a sentence; also at the end of all
     */
    public ByteBuf next(Duration patience) throws IOException, InterruptedException {
        Optional<ByteBuf> next = poll(patience);
        if (next.isEmpty()) {
            throw new IOException("nothing came for " + patience.toSeconds() + " seconds");
        }
        return next.get();
    }

    /**
     * The next piece.
     *
     * @return empty when it has not come within {@code patience}
     * @throws IOException when none will come, with a sentence; also at the end of all
     */
    Optional<ByteBuf> poll(Duration patience) throws IOException, InterruptedException {
        Object next = arrived.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        if (next instanceof Buffer piece) {
            loop.runOnContext(any -> answer.fetch(1));
            return Optional.of(piece.getByteBuf());
        } else if (next instanceof End end) {
            arrived.add(end); // it is the end for good
            throw new IOException(end.failure().map(Reason::of).orElse("it ended too early"));
        }
        return Optional.empty();
    }

    @Override
    public void close() {
        exchange.close();
    }
}
