package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each of many mirrors has of the memory outside the heap. */
class MemorySharesTest {

    private static final int MIB = 1024 * 1024;
    /** For TLS of one link, and what is read through. */
    private static final long OTHERS = 24L * MIB;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private static List<Destination> mirrors(int count, boolean tls, boolean isPacked) {
        Endpoint endpoint = Endpoint.parse(tls ? "https://sidecar" : "http://sidecar");
        Optional<Compression> compression = isPacked ? Optional.of(Compression.AUTO) : Optional.empty();
        return Collections.nCopies(count, new Destination(endpoint, Optional.empty(), Credentials.NONE,
                Optional.empty(), compression, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource({"false, false, 67", "true, false, 33", "false, true, 22", "true, true, 16"})
    void allSharesTogetherAreNoMoreThanThereIs(boolean tls, boolean isPacked, int mostOf96) {
        for (int count = 2; count <= 64; count++) {
            for (long direct = 64L * MIB; direct <= 512L * MIB; direct += 16L * MIB) {
                List<Destination> to = mirrors(count, tls, isPacked);
                MemoryShares shares = MemoryShares.of(to, direct);
                boolean isEnough = MemoryShares.neededBytes(to, direct).isEmpty();
                long beside = (long) count * MIB * ((isPacked ? 1 : 0) + (tls ? shares.each() : 0));
                if (isEnough) {
                    assertTrue(shares.buffers() * ChunkBuffer.ALL_BYTES + beside + OTHERS <= direct);
                    assertTrue(shares.held(Long.MAX_VALUE) + count * shares.each() * (isPacked ? 2L : 1) <= shares
                            .buffers());
                }
                if (direct == 96L * MIB) {
                    assertEquals(count <= mostOf96, isEnough, () -> to.size() + " mirrors");
                }
            }
        }
    }

    @Test
    void fewHaveAllThatMakesThemFast() {
        assertEquals(Stock.FLOWING, MemoryShares.of(mirrors(3, true, true), 96L * MIB).each());
        assertEquals(Stock.FLOWING, MemoryShares.of(mirrors(1, true, true), 32L * MIB).each());
        assertTrue(MemoryShares.neededBytes(mirrors(1, true, true), MIB).isEmpty(), "one always goes");
    }

    @Test
    void whoseLinksTakeNothingLeaveTheOthersTheirShare() throws Exception {
        byte[] whole = random(9 * MIB + 3, 1);
        MemoryShares shares = MemoryShares.of(mirrors(4, false, false), OTHERS + 9L * ChunkBuffer.ALL_BYTES);
        ChunkMemory memory = new ChunkMemory(shares.buffers());
        try (FileInput input = new FileInput(Files.write(directory.resolve("file"), whole))) {
            Stock stock = new Stock(input, memory, shares.held(MIB),
                    Lag.ofSeveral(Duration.ofSeconds(1), false, System::nanoTime));
            List<Supply> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                all.add(new Supply(stock, memory, shares.each()));
            }
            for (Supply each : all) {
                each.goTo(0, Optional.empty(), MIB, true);
            }
            for (Supply each : all.subList(1, 4)) {
                each.readAlone();
                while (!each.isAhead() && each.hasRoom()) {
                    assertTrue(each.read(PATIENCE) && each.take().isPresent());
                }
            }
            Supply well = all.get(0);
            Payload payload;
            do {
                assertTrue(well.hasRoom() && well.read(PATIENCE), () -> "nothing is left for it at " + well.nextByte());
                payload = well.take().orElseThrow();
                well.written(payload.memory().orElseThrow().message(new byte[]{1}, payload.from(), payload.bytes()));
            } while (!payload.isLast());
            assertEquals(whole.length, well.nextByte());
        }
    }

    @Test
    void lessMemoryThanWasThoughtIsLessAndNoFault() {
        int[] made = {0};
        ChunkMemory memory = new ChunkMemory(32, () -> {
            if (made[0]++ == 6) {
                throw new OutOfMemoryError("Cannot reserve 1052672 bytes of direct buffer memory");
            }
            return new ChunkBuffer();
        });
        List<ChunkBuffer> taken = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            taken.add(memory.take().orElseThrow());
        }
        assertTrue(memory.take().isEmpty());
        assertFalse(memory.hasMore());
        memory.giveBack(taken.get(0));
        assertTrue(memory.take().isPresent());
        ChunkMemory none = new ChunkMemory(32, () -> {
            throw new OutOfMemoryError("Cannot reserve 1052672 bytes of direct buffer memory");
        });
        assertThrows(OutOfMemoryError.class, none::take, "too little to go on with");
    }
}
