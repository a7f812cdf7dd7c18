package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.wire.ZstdEncoder;
import io.mirrorbootstrap.wire.ZstdLibrary;

/**
 * Compresses the chunks that go to one mirror, over all its links, each by itself, so that what is sent again needs nothing of what was
 * sent before. A chunk that does not shrink is sent as it is. Sending thread only.
 */
final class Compressor implements AutoCloseable {

    /** An adaptive one wants to save at least one byte in so many: less is not worth the decoding. */
    private static final int LEAST_SAVED_SHARE = 16;

    /** An adaptive one passes over at most so many chunks that it might have tried. */
    private static final int MOST_SKIPPED = 64;

    /**
     * What stands for a payload on its way.
     *
     * @param memory has the frame, from its first byte on
     * @param bytes how many it has
     */
    record Packed(ChunkBuffer memory, int bytes) {
    }

    private final Compression how;
    private final ChunkMemory memory;
    private final ZstdEncoder encoder;
    private final LongSupplier nanoTime;
    private final ByteBuffer plain = ByteBuffer.allocateDirect(ChunkBuffer.MAX_PAYLOAD_BYTES);

    /** How many chunks are passed over from now on, and how many behind the next one that does not shrink. */
    private int skips;
    private int nextSkips = 1;

    /** Of a payload. */
    private final Pace encoding = new Pace();
    /** Of what goes over the link, while it has more to send. */
    private Pace link = new Pace();
    private OptionalLong busySinceNanos = OptionalLong.empty();

    /** @param nanoTime a clock that only goes forward */
    Compressor(Compression how, ChunkMemory memory, LongSupplier nanoTime) {
        this.how = how;
        this.memory = memory;
        this.nanoTime = nanoTime;
        this.encoder = new ZstdEncoder(how.level());
    }

    /** @return empty where nothing is to be compressed, or nothing can be, which {@code progress} is told */
    static Optional<Compressor> of(Optional<Compression> how, ChunkMemory memory, Progress progress) {
        Optional<String> problem = how.isPresent() ? ZstdLibrary.problem() : Optional.empty();
        problem.ifPresent(why -> progress.found("nothing is compressed: " + why));
        return how.filter(any -> problem.isEmpty()).map(any -> new Compressor(any, memory, System::nanoTime));
    }

    /**
     * Compresses a payload.
     *
     * @param isAwaited whether the link has nothing else to send meanwhile
     * @return empty where it is to be sent as it is; else its memory is the caller's to give back
     */
    Optional<Packed> pack(Payload payload, boolean isAwaited) {
        boolean isTried = payload.memory().isPresent() && !(how.isAdaptive() && isNotWorthIt(isAwaited));
        return isTried ? memory.take().flatMap(room -> pack(payload, room)) : Optional.empty();
    }

    private Optional<Packed> pack(Payload payload, ChunkBuffer room) {
        long begun = nanoTime.getAsLong();
        payload.memory().get().copy(payload.from(), payload.bytes(), plain.clear());
        int most = payload.bytes() - (how.isAdaptive() ? payload.bytes() / LEAST_SAVED_SHARE : 0) - 1;
        OptionalInt bytes = encoder.encode(plain.flip(), room.room(0, most));
        encoding.took(payload.bytes(), nanoTime.getAsLong() - begun);
        if (bytes.isEmpty()) {
            memory.giveBack(room);
            skips = nextSkips;
            nextSkips = Math.min(2 * nextSkips, MOST_SKIPPED);
            return Optional.empty();
        }
        nextSkips = 1;
        return Optional.of(new Packed(room, bytes.getAsInt()));
    }

    private boolean isNotWorthIt(boolean isAwaited) {
        if (isAwaited || link.isKnown() && encoding.nanosPerByte() > link.nanosPerByte()) {
            return true;
        }
        boolean isSkipped = skips > 0;
        skips -= isSkipped ? 1 : 0;
        return isSkipped;
    }

    /** Another link begins. */
    void linked() {
        link = new Pace();
        busySinceNanos = OptionalLong.empty();
    }

    /**
     * The link has written a message.
     *
     * @param bytes of payload that it had, as it went
     * @param hasMore whether it has others
     */
    void written(long bytes, boolean hasMore) {
        long now = nanoTime.getAsLong();
        busySinceNanos.ifPresent(since -> link.took(bytes, now - since));
        busySinceNanos = hasMore ? OptionalLong.of(now) : OptionalLong.empty(); // in which it waits, it says nothing of itself
    }

    /** Gives its memory back. */
    @Override
    public void close() {
        encoder.close();
    }
}
