package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * A snapshot that can be read only once and whose size is not known before its end. It is opened, and its first byte
 * awaited, when there is a link.
 */
public final class StreamInput implements SnapshotInput {

    private static final Duration LONG = Duration.ofHours(1);

    private final StreamSource source;
    private final String name;
    private final ReadAhead ahead;

    /** Where its first bytes are. */
    private Optional<ByteBuffer> first = Optional.empty();

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
    public void offer(ByteBuffer memory) {
        if (first.isEmpty()) {
            first = Optional.of(memory.duplicate());
        }
        ahead.offer(memory);
    }

    @Override
    public boolean isReady(Duration patience) throws InterruptedException {
        return ahead.await(1, patience) > 0 || ahead.isOver();
    }

    @Override
    public boolean begin() throws IOException, InterruptedException {
        while (!isReady(LONG)) {
            continue;
        }
        return read(1, Duration.ZERO) > 0;
    }

    @Override
    public Optional<ByteBuffer> head(Duration patience) throws InterruptedException {
        ByteBuffer memory = first.orElseThrow();
        long bytes = ahead.await(SnapshotHead.BYTES, patience);
        return bytes >= SnapshotHead.BYTES || ahead.isOver()
                ? Optional.of(memory.slice(0, (int) Math.min(ahead.readBytes(), SnapshotHead.BYTES)))
                : Optional.empty();
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
    public SnapshotInput again() {
        throw new IllegalStateException("nobody reads " + name + " a second time");
    }

    @Override
    public void seek(long offset) {
        throw new IllegalStateException("nobody reads " + name + " a second time");
    }

    @Override
    public long read(long upTo, Duration patience) throws IOException, InterruptedException {
        long bytes = ahead.await(upTo, patience);
        if (bytes < upTo && ahead.failure().isPresent()) {
            throw ahead.failure().get();
        }
        return bytes;
    }

    @Override
    public OptionalLong end() {
        return ahead.end();
    }

    @Override
    public Optional<Outcome> flaw() throws IOException, InterruptedException {
        OptionalLong end = ahead.end();
        return source.flaw(end.orElse(ahead.readBytes()), end.isPresent());
    }

    @Override
    public void close() throws IOException {
        try (source) {
            ahead.close();
        }
    }
}
