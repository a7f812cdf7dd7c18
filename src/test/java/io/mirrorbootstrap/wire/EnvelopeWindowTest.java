package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.RandomBytes;
import io.mirrorbootstrap.Seed;

class EnvelopeWindowTest {

    private static final int STEP_BYTES = 512;

    private final byte[] message = RandomBytes.random(10_000, 1);

    @Test
    void whatWaitsIsWhatHasComeAndIsNotRead() {
        Random random = new Random(Seed.of(2));
        EnvelopeWindow window = new EnvelopeWindow(message.length);
        ByteBuffer all = ByteBuffer.wrap(message);
        int read = 0;
        while (all.hasRemaining()) {
            ByteBuffer piece = next(all, 1 + random.nextInt(1000));
            while (piece.hasRemaining()) {
                window.take(piece);
                int length = random.nextInt(window.length() + 1);
                assertArrayEquals(Arrays.copyOfRange(message, read, read + window.length()), waiting(window));
                window.readTo(window.start() + length);
                read += length;
            }
        }
        assertArrayEquals(Arrays.copyOfRange(message, read, message.length), waiting(window));
    }

    @Test
    void itIsFullWhenAllThatAnEnvelopeMayHaveWasTakenReadOrNot() {
        for (int read : new int[]{0, 1, 700}) {
            EnvelopeWindow window = new EnvelopeWindow(700);
            ByteBuffer piece = ByteBuffer.wrap(message);
            while (!window.isFull()) {
                window.take(piece);
            }
            assertEquals(700, piece.position());
            window.readTo(window.start() + read);
            assertTrue(window.isFull());
        }
    }

    @Test
    void theLastByteThatMayComeIsAlwaysWorthATry() {
        EnvelopeWindow window = new EnvelopeWindow(700);
        ByteBuffer piece = ByteBuffer.wrap(message);
        assertTrue(window.take(piece));
        window.needsMore();
        assertTrue(window.take(piece), "700 of 1024 bytes that the next try was put off to");
    }

    @Test
    void triesAreAsMuchWorkAsTheBytesAtMostTwice() {
        EnvelopeWindow window = new EnvelopeWindow(message.length);
        long work = 0;
        for (byte each : message) {
            if (window.take(ByteBuffer.wrap(new byte[]{each}))) {
                work += window.length();
                window.needsMore();
            }
        }
        assertTrue(work <= 2L * message.length + 2L * STEP_BYTES + window.length(), work + " bytes were looked at");
    }

    @Test
    void whatIsNoEnvelopeIsGivenBackToThePieceItCameFrom() {
        EnvelopeWindow window = new EnvelopeWindow(message.length);
        ByteBuffer piece = ByteBuffer.wrap(message, 100, 300);
        window.take(piece);
        window.readTo(window.start() + 10);
        assertFalse(window.giveBack(piece, 100).hasRemaining());
        assertEquals(110, piece.position());
        assertEquals(0, window.length());
    }

    @Test
    void whatStandsBeforeAPieceIsNotTakenForPartOfIt() {
        EnvelopeWindow window = new EnvelopeWindow(message.length);
        window.take(ByteBuffer.wrap(message, 0, 50));
        ByteBuffer piece = ByteBuffer.wrap(message, 200, 20); // of another message's bytes there may be many before it
        window.take(piece);
        window.readTo(window.start() + 10);

        ByteBuffer back = window.giveBack(piece, 200);

        assertEquals(220, piece.position());
        byte[] copied = new byte[back.remaining()];
        back.get(copied);
        assertArrayEquals(ByteBuffer.allocate(60).put(message, 10, 40).put(message, 200, 20).array(), copied);
    }

    private static ByteBuffer next(ByteBuffer all, int length) {
        ByteBuffer piece = all.slice(all.position(), Math.min(length, all.remaining()));
        all.position(all.position() + piece.remaining());
        return piece;
    }

    private static byte[] waiting(EnvelopeWindow window) {
        return Arrays.copyOfRange(window.array(), window.start(), window.start() + window.length());
    }
}
