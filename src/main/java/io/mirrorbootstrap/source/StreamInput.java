package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;

/**
 * A snapshot that can be read only once and whose size is not known before its end. It is opened, and its first byte
 * awaited, when there is a link; until bytes have been given out it stands at its start.
 */
public final class StreamInput implements SnapshotInput {

    private final StreamSource source;
    private final String name;

    /** Null until it was opened. */
    private ReadableByteChannel channel;
    /** The byte that shows that there is one: read, and not given out yet. */
    private final ByteBuffer first = ByteBuffer.allocate(1).limit(0);
    private boolean ended;
    private long position;

    /**
     * @param source closed with this
     * @param name what it is called in messages
     */
    public StreamInput(StreamSource source, String name) {
        this.source = source;
        this.name = name;
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
    public boolean begin() throws IOException {
        if (channel == null) {
            channel = source.open();
            first.clear();
            try {
                fill(first);
            } catch (IOException e) {
                throw new IOException(name + " is closed, or cannot be read: " + e.getMessage(), e);
            }
            first.flip();
        }
        return position > 0 || first.hasRemaining();
    }

    @Override
    public Crc32c checksum(Progress progress) {
        return Crc32c.EMPTY;
    }

    @Override
    public boolean seek(long offset) {
        return offset == position;
    }

    @Override
    public void read(ByteBuffer buffer) throws IOException {
        int before = buffer.position();
        if (begin() && first.hasRemaining() && buffer.hasRemaining()) {
            buffer.put(first);
        }
        fill(buffer);
        position += buffer.position() - before;
    }

    @Override
    public Optional<Outcome> flaw() throws IOException, InterruptedException {
        return source.flaw(position + first.remaining(), ended);
    }

    @Override
    public void close() throws IOException {
        try (source) {
            if (channel != null) {
                channel.close();
            }
        }
    }

    /** An end is met once: a terminal, or a named pipe with a new writer, would go on behind it. */
    private void fill(ByteBuffer buffer) throws IOException {
        while (!ended && buffer.hasRemaining()) {
            ended = channel.read(buffer) < 0;
        }
    }
}
