package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A mirror is left by the others in the very moment in which it reads for all of them. */
@Timeout(60)
class LeftWhileReadingTest {

    private static final int MIB = 1024 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ChunkMemory memory = new ChunkMemory(MemoryShares.LEAST);

    @Test
    void whatItReadsToIsUsedForNothingElse() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch stalls = new CountDownLatch(1);
        byte[] whole = random(2 * MIB, 1);
        try (StorageServer storage = new StorageServer(whole)) {
            storage.on(2, client -> {
                asked.countDown();
                stalls.await();
                storage.part(client, Integer.MAX_VALUE);
            });
            SourceUrl url = SourceUrl.parse(storage.url("/base.tar"));
            try (UrlInput input = UrlInput.open(url, Optional.empty(), Optional.empty(), Optional.empty(),
                    Optional.empty(), PATIENCE, (pause, why) -> {
                    })) {
                Stock stock = new Stock(input, memory, MemoryShares.LEAST,
                        Lag.ofSeveral(PATIENCE, false, System::nanoTime));
                Supply reading = new Supply(stock, memory, 1);
                Supply other = new Supply(stock, memory, 1);
                for (Supply each : new Supply[]{reading, other}) {
                    each.goTo(0, Optional.empty(), MIB, true);
                }
                CompletableFuture<Boolean> read = CompletableFuture.supplyAsync(() -> read(reading));
                asked.await();
                stock.leave(reading); // as the others do it
                stock.leave(other);
                ByteBuffer used = memory.take().orElseThrow().room(0, MIB);
                used.put(new byte[MIB]);
                stalls.countDown();
                read.join();
                assertEquals(-1, used.flip().mismatch(ByteBuffer.allocate(MIB)));
            }
        }
    }

    private static boolean read(Supply supply) {
        try {
            return supply.read(PATIENCE);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
