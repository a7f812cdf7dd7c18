package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;

/** A snapshot that can be read only once and whose size is not known before its end. */
public final class StreamInput implements SnapshotInput {

    private final ReadableByteChannel channel;
    private final String name;
    private long position;

    /**
     * @param channel blocking; closed with this
     * @param name what it is called in messages
     */
    public StreamInput(ReadableByteChannel channel, String name) {
        this.channel = channel;
        this.name = name;
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
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
            continue;
        }
        position += buffer.position() - before;
    }

    @Override
    public Optional<String> change() {
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
