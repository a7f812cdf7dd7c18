package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * A snapshot on a server of HTTP that knows ranges, as object storage does: its size is known, and any part of it can be read again. A
 * connection that ends is made anew at once, at the same byte, if it has brought something; where that does not help the link ends, too,
 * and comes back.
 */
public final class UrlInput implements SnapshotInput {

    /** To be answered with the head of an answer. */
    private static final Duration ANSWER_PATIENCE = Duration.ofSeconds(20);
    /** As a link may be. */
    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);

    private final SourceUrl url;
    private final RangeClient client;
    private final Optional<Crc32c> known;
    private final StoredObject object;
    private final ByteBuffer head;
    private final Duration longestSilence;

    private final OfferedMemory memory = new OfferedMemory();
    private long at;
    /** Where the connection has begun. */
    private long start;
    /** For how long nothing has come that was waited for. */
    private long silentNanos;
    private Optional<AnswerBody> body = Optional.empty();
    private ByteBuf piece = Unpooled.EMPTY_BUFFER;

    /** What may come before it is there. */
    @FunctionalInterface
    public interface Retrying {
        /** @param why it cannot be read now, as a sentence */
        void in(Duration pause, String why);
    }

    private UrlInput(SourceUrl url, RangeClient client, Optional<Crc32c> known, RangeClient.Look look,
            Duration longestSilence) {
        this.url = url;
        this.client = client;
        this.known = known;
        this.object = look.object();
        this.head = ByteBuffer.wrap(look.head().getBytes(0, look.head().length()));
        this.longestSilence = longestSilence;
    }

    /**
     * Asks for its first bytes, and notes its size and what tells it from others.
     *
     * @param headers what the server is shown
     * @param authorities certificates (PEM) of those who may vouch for the server; empty: those that Java knows
     * @param known what the CRC-32C is said to be; the sidecar finds out whether that is so
     * @param patience for how long to ask again after what may go away by itself
     * @throws IOException when it cannot be read, with a sentence
     */
    public static UrlInput open(SourceUrl url, Optional<HeaderFile> headers, Optional<Path> authorities,
            Optional<HttpProxy> proxy, Optional<Crc32c> known, Duration patience, Retrying retrying)
            throws IOException, InterruptedException {
        return open(url, new RangeClient(url, headers, authorities, proxy), known, patience, retrying, LONGEST_SILENCE);
    }

    /** @param longestSilence after which a connection is given up */
    static UrlInput open(SourceUrl url, RangeClient client, Optional<Crc32c> known, Duration patience,
            Retrying retrying, Duration longestSilence) throws IOException, InterruptedException {
        Backoff backoff = new Backoff(patience, System::nanoTime);
        UrlInput input = null;
        try {
            while (input == null) {
                try {
                    input = new UrlInput(url, client, known, client.look(SnapshotHead.BYTES, ANSWER_PATIENCE),
                            longestSilence);
                } catch (BlockedException e) {
                    Optional<Duration> pause = e.obstacle().canHeal()
                            ? backoff.next(0, e.obstacle().comeBackAfter())
                            : Optional.empty();
                    if (pause.isEmpty()) {
                        throw e;
                    }
                    retrying.in(pause.get(), url + " cannot be read: " + e.getMessage());
                    TimeUnit.MILLISECONDS.sleep(pause.get().toMillis());
                }
            }
            return input;
        } finally {
            if (input == null) {
                client.close();
            }
        }
    }

    @Override
    public String name() {
        return url.toString();
    }

    @Override
    public OptionalLong size() {
        return OptionalLong.of(object.size());
    }

    @Override
    public void offer(ByteBuffer more) {
        memory.offer(more);
    }

    @Override
    public boolean begin() {
        return object.size() > 0;
    }

    @Override
    public Optional<ByteBuffer> head(Duration patience) {
        return Optional.of(head.duplicate());
    }

    @Override
    public Optional<Crc32c> known() {
        return known;
    }

    /** Empty where the server has nothing that tells these bytes from later ones. */
    @Override
    public Optional<String> lastingName() {
        return object.validator()
                .map(validator -> LastingName.of("u-", url.place() + " " + object.size() + " " + validator));
    }

    @Override
    public boolean isVouchedFor() {
        return object.strongTag().isPresent();
    }

    @Override
    public SnapshotInput again() throws IOException, InterruptedException {
        RangeClient another = client.another();
        UrlInput again = null;
        try {
            again = new UrlInput(url, another, known, another.look(SnapshotHead.BYTES, ANSWER_PATIENCE),
                    longestSilence);
            Optional<String> change = object.difference(again.object);
            if (change.isPresent()) {
                again = null;
                throw new BlockedException(new Obstacle.Changed(change.get()));
            }
            return again;
        } finally {
            if (again == null) {
                another.close();
            }
        }
    }

    @Override
    public void seek(long offset) {
        memory.forget();
        if (offset != at) {
            disconnect();
            at = offset;
        }
    }

    /** Also to be connected it may wait, for 20 s at most. */
    @Override
    public long read(long upTo, Duration patience) throws IOException, InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (at < Math.min(upTo, object.size()) && !memory.isFull() && hasPiece(end - System.nanoTime())) {
            ByteBuffer into = memory.next(Math.min(piece.readableBytes(), upTo - at));
            piece.readBytes(into);
            memory.taken(into.position());
            at += into.position();
        }
        if (at == object.size()) {
            disconnect();
        }
        return at;
    }

    /** @param nanos how long to wait for one */
    private boolean hasPiece(long nanos) throws IOException, InterruptedException {
        if (piece.isReadable()) {
            return true;
        }
        AnswerBody from = body.isPresent() ? body.get() : connect();
        long began = System.nanoTime();
        try {
            Optional<ByteBuf> next = from.poll(Duration.ofNanos(Math.max(0, nanos)));
            silentNanos = next.isPresent() ? 0 : silentNanos + System.nanoTime() - began;
            piece = next.orElse(Unpooled.EMPTY_BUFFER);
            if (silentNanos > longestSilence.toNanos()) {
                throw new IOException("nothing came for " + longestSilence.toSeconds() + " seconds");
            } else if (piece.readableBytes() > object.size() - at) {
                throw new BlockedException(new Obstacle.Unfit("it answers with more bytes than there are"));
            }
            return piece.isReadable();
        } catch (BlockedException e) {
            throw e;
        } catch (IOException e) {
            boolean hasBrought = at > start;
            disconnect();
            if (!hasBrought) {
                throw new BlockedException(new Obstacle.Unreachable(e.getMessage() + " at byte " + at));
            }
            return false; // the next reading makes a connection
        }
    }

    private AnswerBody connect() throws IOException, InterruptedException {
        AnswerBody made = client.read(object, at, ANSWER_PATIENCE);
        body = Optional.of(made);
        start = at;
        silentNanos = 0;
        return made;
    }

    private void disconnect() {
        body.ifPresent(AnswerBody::close);
        body = Optional.empty();
        piece = Unpooled.EMPTY_BUFFER;
    }

    @Override
    public OptionalLong end() {
        return at == object.size() ? OptionalLong.of(at) : OptionalLong.empty();
    }

    /** Asks once more what is there: what is written to in place may have come in part as it was. That it is gone, or not let be read, is none. */
    @Override
    public Optional<Outcome> flaw() throws IOException, InterruptedException {
        try {
            return object.difference(client.look(1, ANSWER_PATIENCE).object())
                    .map(change -> new Outcome.InputChanged(name(), change));
        } catch (BlockedException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        disconnect();
        client.close();
    }
}
