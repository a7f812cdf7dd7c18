package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.source.ReadAhead.Piece;

/**
 * A snapshot that can be read only once and whose size is not known before its end. It is opened, and its first byte
 * awaited, when there is a link; until bytes have been given out it stands at its start.
 */
public final class StreamInput implements SnapshotInput {

    private static final Duration LONG = Duration.ofHours(1);

    private final StreamSource source;
    private final String name;
    private final ReadAhead ahead;

    /** What comes next, as far as it has been read. */
    private final Deque<Piece> next = new ArrayDeque<>();
    private boolean ended;
    private long position;

    /**
     * @param source closed with this
     * @param name what it is called in messages
     */
    public StreamInput(StreamSource source, String name) {
        this.source = source;
        this.name = name;
        this.ahead = new ReadAhead(source, name);
    }

    /**
     * @param channel blocking; closed with this
     * @param name what it is called in messages
     */
    public StreamInput(ReadableByteChannel channel, String name) {
        this(() -> channel, name);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public OptionalLong size() {
        return OptionalLong.empty();
    }

    @Override
    public boolean isReady(Duration patience) throws InterruptedException {
        if (next.isEmpty()) {
            ahead.next(patience).ifPresent(next::add);
        }
        return !next.isEmpty();
    }

    @Override
    public boolean begin() throws IOException, InterruptedException {
        while (!isReady(LONG)) {
            continue;
        }
        return bytes().isPresent() || position > 0;
    }

    @Override
    public Optional<ByteBuffer> head(Duration patience) throws InterruptedException {
        assert position == 0 : position + " bytes have been given out";
        while (next.size() < ReadAhead.PIECES && headBytes() < SnapshotHead.BYTES && !endIsKnown()) {
            Optional<Piece> piece = ahead.next(patience); // the second is full, or the last
            if (piece.isEmpty()) {
                return Optional.empty();
            }
            next.add(piece.get());
        }
        ByteBuffer head = ByteBuffer.allocate(Math.min(headBytes(), SnapshotHead.BYTES));
        for (Piece piece : next) {
            if (piece instanceof Piece.Bytes bytes) {
                ByteBuffer part = bytes.bytes().duplicate();
                head.put(part.limit(part.position() + Math.min(part.remaining(), head.remaining())));
            }
        }
        return Optional.of(head.flip());
    }

    private int headBytes() {
        return next.stream().mapToInt(piece -> piece instanceof Piece.Bytes bytes ? bytes.bytes().remaining() : 0)
                .sum();
    }

    private boolean endIsKnown() {
        return !next.isEmpty() && !(next.getLast() instanceof Piece.Bytes);
    }

    @Override
    public Optional<Crc32c> known() {
        return Optional.empty();
    }

    @Override
    public Optional<String> lastingName() {
        return Optional.empty();
    }

    @Override
    public void seek(long offset) {
        throw new IllegalStateException("nobody reads " + name + " a second time");
    }

    @Override
    public boolean read(ByteBuffer buffer) throws IOException, InterruptedException {
        while (buffer.hasRemaining() && !ended && isReady(Duration.ZERO)) {
            bytes().ifPresent(piece -> give(piece, buffer));
        }
        return ended || !buffer.hasRemaining();
    }

    private void give(Piece.Bytes piece, ByteBuffer buffer) {
        ByteBuffer bytes = piece.bytes();
        int length = Math.min(bytes.remaining(), buffer.remaining());
        buffer.put(bytes.slice(bytes.position(), length));
        bytes.position(bytes.position() + length);
        position += length;
        if (!bytes.hasRemaining()) {
            next.remove();
            ahead.giveBack(piece);
        }
    }

    /** What is next, unless that is the end. */
    private Optional<Piece.Bytes> bytes() throws IOException {
        Piece piece = next.element();
        if (piece instanceof Piece.Failed failed) {
            throw failed.failure();
        } else if (piece instanceof Piece.Bytes bytes) {
            return Optional.of(bytes);
        }
        ended = true;
        return Optional.empty();
    }

    @Override
    public Optional<Outcome> flaw() throws IOException, InterruptedException {
        return source.flaw(position, ended);
    }

    @Override
    public void close() throws IOException {
        try (source) {
            ahead.close();
        }
    }
}
