package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.source.BlockedException;
import io.mirrorbootstrap.source.Obstacle;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.UrlInput;

/** What is read of an object in storage, over as many connections as that takes. */
final class ObjectBytes implements Bytes {

    private static final int MOST_AT_ONCE = 256 * 1024;
    private static final Duration A_MOMENT = Duration.ofMillis(500);

    private final UrlInput input;
    private final ByteBuffer memory = ByteBuffer.allocate(MOST_AT_ONCE);
    /** What has no byte yet, and is the input's. */
    private ByteBuffer offered = ByteBuffer.allocate(0);
    private long at;

    /**
     * @param input is closed with this
     * @param from the first byte
     */
    ObjectBytes(UrlInput input, long from) {
        this.input = input;
        this.at = from;
        input.seek(from);
    }

    @Override
    public ByteBuffer next(int most) throws IOException, InterruptedException {
        if (!offered.hasRemaining()) {
            offered = memory.slice(0, Math.min(most, MOST_AT_ONCE));
            input.offer(offered);
        }
        assert offered.remaining() <= most : "who asks takes all of what it has begun to take";
        ByteBuffer read = offered.duplicate();
        try {
            int bytes = (int) (input.read(at + read.remaining(), A_MOMENT) - at);
            at += bytes;
            return read.limit(read.position() + bytes);
        } catch (BlockedException e) {
            if (e.obstacle() instanceof Obstacle.Changed changed) {
                throw new ChangedException(changed.message());
            }
            throw e;
        }
    }

    @Override
    public Optional<String> change() throws IOException, InterruptedException {
        return input.flaw()
                .map(flaw -> flaw instanceof Outcome.InputChanged changed ? changed.change() : flaw.message());
    }

    @Override
    public void close() {
        input.close();
    }
}
