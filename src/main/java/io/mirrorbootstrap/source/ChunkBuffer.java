package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.store.PageMemory;
import io.mirrorbootstrap.wire.Masking;

/**
 * Memory for the payload of one chunk, or of several small ones, used again and again. The payload is read straight to its place, and
 * masked there, once, when its first message is made of it: from there it goes to the socket without a copy, over as many links and as
 * often as it is wanted.
 * <p>
 * Each frame's share of it ({@link #FRAME_BYTES}) has a key of its own, drawn anew whenever the memory is used for other bytes
 * ({@link #renew}). So a key is known to nobody before its bytes are, and a frame that is sent a second time has the same key for
 * the same bytes: which tells nobody anything, as the key stands in front of each frame (RFC 6455, 5.3). Over TLS keys are for the form.
 *
 * <pre>
 * 0 ≤ masked ≤ MAX_PAYLOAD_BYTES      what is before is masked, and does not change until it is renewed
 * </pre>
 *
 * Any thread, one at a time; the event loops of links read what is masked.
 */
final class ChunkBuffer {

    /** The most payload it holds, in bytes. */
    static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

    /** What it takes, with what it may lose to begin on a page. */
    static final int ALL_BYTES = MAX_PAYLOAD_BYTES + PageMemory.PAGE_BYTES;

    /** Frames of this size serve the receiver best; whole pages, so that each begins on one. */
    private static final int FRAME_BYTES = 256 * 1024;

    /** The CRC-32C of smaller parts is not remembered: a sidecar may want any number of them. */
    private static final int REMEMBERED_BYTES = 64 * 1024;
    private static final int MOST_REMEMBERED = 64;

    /** What is unmasked at once. */
    private static final int PIECE_BYTES = 16 * 1024;

    private record Part(int from, int bytes) {
    }

    private final ByteBuffer memory = PageMemory.allocate(MAX_PAYLOAD_BYTES);
    private final int[] keys = new int[MAX_PAYLOAD_BYTES / FRAME_BYTES];
    private final Map<Part, Crc32c> remembered = new HashMap<>();
    private int masked;

    /** Is for other bytes from now on, which are not here yet. */
    synchronized void renew() {
        for (int i = 0; i < keys.length; i++) {
            keys[i] = ThreadLocalRandom.current().nextInt();
        }
        remembered.clear();
        masked = 0;
    }

    /** A part of the memory, for payload to be read to. */
    ByteBuffer room(int from, int bytes) {
        return memory.slice(from, bytes);
    }

    /** Has all before {@code end} ready to be sent. */
    private void mask(int end) {
        while (masked < end) {
            int share = masked / FRAME_BYTES;
            int to = Math.min(end, (share + 1) * FRAME_BYTES);
            Masking.mask(memory.slice(masked, to - masked), Masking.turn(keys[share], masked));
            masked = to;
        }
    }

    /** Copies a part of the payload as it was read, masked by now or not, to {@code to}, direct, with room for it. */
    synchronized void copy(int from, int bytes, ByteBuffer to) {
        int begin = to.position() - from;
        to.put(memory.slice(from, bytes));
        int end = Math.min(from + bytes, masked);
        int next;
        for (int at = from; at < end; at = next) {
            int share = at / FRAME_BYTES;
            next = Math.min(end, (share + 1) * FRAME_BYTES);
            Masking.mask(to.slice(begin + at, next - at), Masking.turn(keys[share], at));
        }
    }

    /** The CRC-32C of a part of the payload, masked or not. */
    synchronized Crc32c crc32c(int from, int bytes) {
        Part part = new Part(from, bytes);
        Crc32c known = remembered.get(part);
        if (known == null) {
            int plainFrom = Math.min(Math.max(from, masked), from + bytes);
            int plain = from + bytes - plainFrom;
            known = unmasked(from, plainFrom - from).followedBy(Crc32c.of(memory.slice(plainFrom, plain)), plain);
            if (bytes >= REMEMBERED_BYTES && remembered.size() < MOST_REMEMBERED) {
                remembered.put(part, known);
            }
        }
        return known;
    }

    private Crc32c unmasked(int from, int bytes) {
        Crc32c crc32c = Crc32c.EMPTY;
        ByteBuffer piece = ByteBuffer.allocate(Math.min(PIECE_BYTES, bytes));
        int to;
        for (int at = from; at < from + bytes; at = to) {
            int share = at / FRAME_BYTES;
            to = Math.min(Math.min(from + bytes, at + PIECE_BYTES), (share + 1) * FRAME_BYTES);
            piece.clear().put(memory.slice(at, to - at)).flip();
            Masking.mask(piece, Masking.turn(keys[share], at));
            crc32c = crc32c.followedBy(Crc32c.of(piece), to - at);
        }
        return crc32c;
    }

    /** The message of a chunk whose payload is a part of what is here, at least one byte, all of it behind {@code head}. */
    synchronized ChunkMessage message(byte[] head, int from, int bytes) {
        mask(from + bytes);
        List<ChunkMessage.Frame> frames = new ArrayList<>();
        int end = from + bytes;
        int to;
        for (int at = from; at < end; at = to) {
            int share = at / FRAME_BYTES;
            to = Math.min(end, (share + 1) * FRAME_BYTES);
            frames.add(new ChunkMessage.Frame(frames.isEmpty(), to == end, frames.isEmpty() ? head : new byte[0],
                    memory.slice(at, to - at), Masking.turn(keys[share], at)));
        }
        return new ChunkMessage(Optional.of(this), frames);
    }
}
