package io.mirrorbootstrap.link;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.PayloadSpill;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.wire.ZstdDecoder;

/**
 * The payload of a chunk that cannot be handed on as it comes, because its destination is not known or not free, or because it is
 * compressed: it waits on disk, as it came, until the chunk is whole. Worker only, one thread at a time.
 */
final class Aside implements Closeable {

    private final PayloadSpill spill;
    private final ZstdPlaces.OfLink places;
    private final LinkMeters meters;
    private final IntConsumer yields;
    private boolean isTaking;

    Aside(PayloadSpill spill, ZstdPlaces.OfLink places, LinkMeters meters, IntConsumer yields) {
        this.spill = spill;
        this.places = places;
        this.meters = meters;
        this.yields = yields;
    }

    /** Whether payload of this chunk was put here: the rest is, too, though it may become known meanwhile where it belongs. */
    boolean isTaking() {
        return isTaking;
    }

    void take(ByteBuffer slice) {
        isTaking = true;
        spill.write(slice);
    }

    /**
     * Hands on what was put here.
     *
     * @param dataBytes how many bytes it yields, where it is compressed
     * @param whenFree called once, from any thread, when that may have changed
     * @return false: nothing can be decoded now, as others do
     * @throws RefusedException where it cannot be decoded, or as {@link IncomingChunk#write} does
     */
    boolean drainTo(IncomingChunk chunk, OptionalInt dataBytes, Runnable whenFree) {
        if (chunk.isRefused()) {
            return true; // what it yields is nobody's
        }
        long taken = spill.unforcedBytes();
        if (dataBytes.isEmpty()) {
            meters.received(taken);
            spill.drainTo(chunk::write);
            return true;
        }
        Optional<ZstdDecoder> decoder = places.take(whenFree);
        if (decoder.isEmpty()) {
            return false;
        }
        try {
            meters.receivedCompressed(dataBytes.getAsInt(), taken);
            yields.accept((int) Math.max(0, dataBytes.getAsInt() - taken));
            decode(decoder.get(), dataBytes.getAsInt(), chunk);
            return true;
        } finally {
            places.giveBack(decoder.get());
        }
    }

    private void decode(ZstdDecoder decoder, int dataBytes, IncomingChunk chunk) {
        decoder.begin(dataBytes);
        spill.drainTo(slice -> decoder.feed(slice, chunk::write));
        decoder.finish(chunk::write);
    }

    /** Forgets what was put here; the next chunk may begin. */
    void clear() {
        isTaking = false;
        places.forget();
        spill.clear();
    }

    @Override
    public void close() throws IOException {
        places.forget();
        spill.close();
    }
}
