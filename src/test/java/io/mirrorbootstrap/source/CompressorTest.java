package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.source.Sending.rows;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import com.github.luben.zstd.Zstd;

import io.mirrorbootstrap.snapshot.Crc32c;

class CompressorTest {

    private static final int BYTES = ChunkBuffer.MAX_PAYLOAD_BYTES;
    private static final Compression ZSTD = new Compression(1, false);

    private final ChunkMemory memory = new ChunkMemory(32);
    private final List<Compressor> made = new ArrayList<>();
    private final Payload text = payload(rows(BYTES));
    private final Payload noise = payload(random(BYTES, 1));

    @AfterEach
    void close() {
        made.forEach(Compressor::close);
    }

    @Test
    void whatIsAskedForIsDoneUnlessItDoesNotShrink() {
        Compressor compressor = compressor(ZSTD);
        for (int i = 0; i < 3; i++) {
            assertTrue(compressor.pack(noise, false).isEmpty());
            assertTrue(compressor.pack(text, true).isPresent());
        }
        assertTrue(compressor.pack(new Payload(Optional.empty(), 0, 0, 0, Crc32c.EMPTY, 0, true), false).isEmpty());
    }

    @Test
    void anAdaptiveOneDoesNotMakeALinkWait() {
        Compressor compressor = compressor(Compression.AUTO);
        assertTrue(compressor.pack(text, true).isEmpty());
        assertTrue(compressor.pack(text, false).isPresent());
        assertTrue(compressor.pack(text, true).isEmpty());
    }

    /** It takes a millisecond for a chunk: each look at the clock is one. */
    @Test
    void anAdaptiveOneLeavesALinkThatIsFasterAlone() {
        AtomicLong clock = new AtomicLong();
        Compressor compressor = new Compressor(Compression.AUTO, memory, () -> clock.addAndGet(1_000_000));
        made.add(compressor);
        assertTrue(compressor.pack(text, false).isPresent());
        for (int i = 0; i < 9; i++) {
            compressor.written(BYTES / 2, true); // twice as long for a byte
            assertTrue(compressor.pack(text, false).isPresent());
        }
        for (int i = 0; i < 30; i++) {
            compressor.written(10L * BYTES, i > 0); // the first was the last one for a while: nobody knows how long it took
        }
        assertTrue(compressor.pack(text, false).isEmpty());
        compressor.linked();
        assertTrue(compressor.pack(text, false).isPresent(), "another link");
    }

    /** 1, 2, 4 … 64 chunks are passed over, and one again once something shrinks. */
    @Test
    void anAdaptiveOneTriesLessAndLessOftenWhatDoesNotShrink() {
        Compressor compressor = compressor(Compression.AUTO);
        for (int skipped : new int[]{1, 2, 4, 8, 16, 32, 64, 64}) {
            assertTrue(compressor.pack(noise, false).isEmpty());
            for (int i = 0; i < skipped; i++) {
                assertTrue(compressor.pack(text, false).isEmpty(), "it is passed over");
            }
        }
        assertTrue(compressor.pack(text, false).isPresent());
        assertTrue(compressor.pack(noise, false).isEmpty());
        assertTrue(compressor.pack(text, false).isEmpty());
        assertTrue(compressor.pack(text, false).isPresent());
    }

    @Test
    void withoutMemoryItIsSentAsItIsAndWhatDoesNotShrinkTakesNone() {
        Compressor compressor = compressor(ZSTD);
        List<ChunkBuffer> all = new ArrayList<>();
        while (memory.hasMore()) {
            all.add(memory.take().orElseThrow());
        }
        assertTrue(compressor.pack(text, false).isEmpty());
        memory.giveBack(all.get(0));
        assertTrue(compressor.pack(noise, false).isEmpty());
        assertTrue(memory.hasMore(), "it is given back");
        assertTrue(compressor.pack(text, false).isPresent());
        assertFalse(memory.hasMore());
    }

    /** Another link may have what is compressed for this one. */
    @Test
    void partsAreReadAsTheyWereWhetherOrNotTheyAreMaskedByNow() {
        byte[] rows = rows(BYTES);
        Compressor compressor = compressor(ZSTD);
        for (int masked : new int[]{0, 1, 300_000, 300_001, 700_003, BYTES}) {
            Payload payload = payload(rows);
            ChunkBuffer buffer = payload.memory().orElseThrow();
            if (masked > 0) {
                buffer.message(new byte[0], 0, masked);
            }
            for (int from : new int[]{0, 299_999, 600_001}) {
                int bytes = Math.min(400_000, BYTES - from);
                Payload part = new Payload(payload.memory(), from, bytes, 0, Crc32c.EMPTY, 0, false);
                Compressor.Packed packed = compressor.pack(part, false).orElseThrow();
                byte[] frame = new byte[packed.bytes()];
                packed.memory().room(0, packed.bytes()).get(frame);
                memory.giveBack(packed.memory());
                ByteArrayOutputStream whole = new ByteArrayOutputStream();
                whole.write(rows, from, bytes);
                assertArrayEquals(whole.toByteArray(), Zstd.decompress(frame, bytes));
            }
            assertEquals(Crc32c.of(ByteBuffer.wrap(rows)), buffer.crc32c(0, BYTES));
        }
    }

    private Compressor compressor(Compression how) {
        Compressor compressor = Compressor.of(Optional.of(how), memory, (phase, done, total) -> {
        }).orElseThrow();
        made.add(compressor);
        return compressor;
    }

    private static Payload payload(byte[] bytes) {
        ChunkBuffer buffer = new ChunkBuffer();
        buffer.renew();
        buffer.room(0, bytes.length).put(bytes);
        return new Payload(Optional.of(buffer), 0, bytes.length, 0, Crc32c.EMPTY, 0, false);
    }
}
