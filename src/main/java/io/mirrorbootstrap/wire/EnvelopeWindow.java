package io.mirrorbootstrap.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The bytes of one message's envelope that have come and are not read yet. The message is cut anywhere, and a value can be read
 * only when all of it is here: until then its bytes stay, and the reader tries again from the first of them.
 * <p>
 * Invariants: at most {@code maxBytes} bytes are taken that are not given back; a try that found too few bytes is repeated only
 * when there are twice as many, so that the work is linear in the bytes received, however small the pieces are. Not for more
 * than one thread at a time.
 */
final class EnvelopeWindow {

    /** How much is taken at once, in bytes: more than any sane envelope has before its payload, and little to give back. */
    private static final int STEP_BYTES = 512;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final int maxBytes;

    /** Those before {@code start} are read, those from there to {@code end} wait. */
    private byte[] bytes = new byte[STEP_BYTES];
    private int start;
    private int end;

    /** The next try is worth it when {@code end} is here. */
    private int retryAt;

    private long readBytes;

    /** @param maxBytes how many bytes an envelope may have; 1 or more */
    EnvelopeWindow(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** Whether the envelope has as many bytes as it may have, so that {@link #take} must not be called. */
    boolean isFull() {
        return room() == 0;
    }

    private int room() {
        return (int) (maxBytes - readBytes - length());
    }

    /**
     * Takes the next bytes of {@code piece}, at least one and not more than a step.
     *
     * @return whether it is worth it to try to read now
     */
    boolean take(ByteBuffer piece) {
        int room = room();
        int length = Math.min(Math.min(STEP_BYTES, room), piece.remaining());
        if (end + length > bytes.length) {
            makeRoom(length);
        }
        piece.get(bytes, end, length);
        end += length;
        return end >= retryAt || length == room;
    }

    private void makeRoom(int length) {
        int kept = length();
        byte[] to = kept + length > bytes.length / 2 ? new byte[bytes.length * 2] : bytes;
        System.arraycopy(bytes, start, to, 0, kept);
        bytes = to;
        retryAt = Math.max(0, retryAt - start);
        start = 0;
        end = kept;
    }

    /** The array with the bytes that wait, to be read only; the next {@link #take} may replace it. */
    byte[] array() {
        return bytes;
    }

    /** Where in {@link #array} the first byte is that waits. */
    int start() {
        return start;
    }

    /** How many bytes wait. */
    int length() {
        return end - start;
    }

    /** The bytes before {@code position} of {@link #array} have been read. */
    void readTo(int position) {
        assert start <= position && position <= end : start + " " + position + " " + end;
        readBytes += position - start;
        start = position;
    }

    /** All that waits is too little for the next value. */
    void needsMore() {
        retryAt = start + 2 * length();
    }

    /**
     * The bytes that wait are no envelope: the window is empty now. They are given back to {@code piece}, where they came from it,
     * so that a payload goes on in one piece.
     *
     * @param begin the position at which {@code piece} began
     * @return the bytes, copied, where they did not all come from {@code piece}; else empty
     */
    ByteBuffer giveBack(ByteBuffer piece, int begin) {
        int surplus = length();
        int from = start;
        start = 0;
        end = 0;
        retryAt = 0;
        if (surplus <= piece.position() - begin) {
            piece.position(piece.position() - surplus);
            return NOTHING;
        }
        return ByteBuffer.wrap(Arrays.copyOfRange(bytes, from, from + surplus));
    }
}
