package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.Seed;
import io.mirrorbootstrap.snapshot.Crc32c;

/** Several mirrors that send what is read once, each at its pace; time is turned by hand. */
@Timeout(120)
class StockTest {

    private static final int MIB = 1024 * 1024;
    private static final int MOST = 6;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final byte[] HEAD = {1};

    @TempDir
    Path directory;

    private final ChunkMemory memory = new ChunkMemory(64);
    private long nanos;

    /** One mirror, and what its link has not written. */
    private final class Mirror {
        private final Supply supply;
        private final Deque<ChunkMessage> onTheWay = new ArrayDeque<>();
        private final AtomicInteger woken = new AtomicInteger();
        private long next;

        private Mirror(Stock stock) {
            supply = new Supply(stock, memory, Stock.FLOWING);
            supply.tells(woken::incrementAndGet);
        }

        private Mirror linked(int chunkBytes) throws Exception {
            supply.goTo(0, Optional.empty(), chunkBytes, true);
            return this;
        }

        /** Whether it was the last chunk. */
        private boolean send(byte[] whole) throws Exception {
            assertTrue(supply.read(PATIENCE));
            Payload payload = supply.take().orElseThrow();
            assertEquals(next, payload.offset());
            byte[] wanted = Arrays.copyOfRange(whole, (int) next, (int) next + payload.bytes());
            assertEquals(Crc32c.of(ByteBuffer.wrap(wanted)), payload.crc32c());
            payload.memory().ifPresent(
                    buffer -> onTheWay.add(buffer.message(HEAD, payload.from(), payload.bytes())));
            onTheWay.stream().skip(onTheWay.size() - 1).filter(message -> wanted.length > 0)
                    .forEach(message -> assertArrayEquals(wanted, payload(message)));
            next += payload.bytes();
            return payload.isLast();
        }

        private void sendAll(byte[] whole, int bytes) throws Exception {
            while (next < bytes) {
                assertTrue(supply.hasRoom(), () -> "no room at " + next);
                send(whole);
                written();
            }
        }

        private void written() {
            while (!onTheWay.isEmpty()) {
                supply.written(onTheWay.remove());
            }
        }
    }

    private static byte[] payload(ChunkMessage message) {
        byte[] said = ReceivedFrames.message(message);
        return Arrays.copyOfRange(said, HEAD.length, said.length);
    }

    @Test
    void atAnyPaceAllGetTheSameBytes() throws Exception {
        long seed = Seed.of(1);
        byte[] whole = random(23 * MIB + 17, seed);
        for (int play = 0; play < 8; play++) {
            Random random = new Random(seed + play);
            try (SnapshotInput input = play % 2 == 0 ? Sending.stream(whole) : file(whole)) {
                Stock stock = stock(input);
                List<Mirror> all = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    all.add(new Mirror(stock));
                }
                for (Mirror each : all) {
                    each.linked(random.nextBoolean() ? MIB : 300_000);
                }
                List<Mirror> sending = new ArrayList<>(all);
                while (!sending.isEmpty()) {
                    Mirror one = sending.get(random.nextInt(sending.size()));
                    if (!one.supply.isAhead() && one.supply.hasRoom()) {
                        if (one.send(whole)) {
                            sending.remove(one);
                        }
                    }
                    one.written();
                    if (random.nextInt(3) == 0) {
                        one.supply.durable(one.next);
                    }
                    long slowest = all.stream().mapToLong(each -> each.next).min().orElseThrow();
                    assertTrue(stock.endByte() - slowest <= MOST * MIB + MIB, "more is read than is held");
                }
                all.forEach(each -> assertEquals(whole.length, each.next));
                all.forEach(each -> each.supply.close());
                stock.close();
            }
        }
    }

    @Test
    void whoeverWaitsForRoomIsWokenWhenTheLastHasLetGo() throws Exception {
        byte[] whole = random(9 * MIB, 2);
        try (StreamInput input = Sending.stream(whole)) {
            Stock stock = stock(input);
            Mirror fast = new Mirror(stock).linked(MIB);
            Mirror slow = new Mirror(stock).linked(MIB);
            fast.sendAll(whole, MOST * MIB);
            fast.supply.durable(MOST * MIB);
            assertFalse(fast.supply.hasRoom());
            slow.send(whole);
            slow.supply.durable(MIB);
            assertFalse(fast.supply.hasRoom(), "the link of the other one still reads it");
            int before = fast.woken.get();
            slow.written();
            assertTrue(fast.woken.get() > before);
            assertTrue(fast.supply.hasRoom());
        }
    }

    @Test
    void aStreamGoesOnWithoutTheOneThatLetsGoOfNothingForTooLong() throws Exception {
        byte[] whole = random(12 * MIB, 3);
        try (StreamInput input = Sending.stream(whole)) {
            Stock stock = stock(input);
            Mirror fast = new Mirror(stock).linked(MIB);
            Mirror slow = new Mirror(stock).linked(MIB);
            slow.send(whole);
            fast.sendAll(whole, MOST * MIB);
            fast.supply.durable(MOST * MIB);
            waits(fast, LIMIT.minusSeconds(1));
            slow.written();
            slow.supply.durable(MIB); // that is something
            fast.sendAll(whole, (MOST + 1) * MIB);
            fast.supply.durable((MOST + 1) * MIB);
            waits(fast, LIMIT);
            assertFalse(slow.supply.isLeft());
            slow.send(whole);
            ChunkMessage onTheWay = slow.onTheWay.getLast();
            int before = slow.woken.get();
            nanos += 1;
            assertTrue(fast.supply.hasRoom());
            assertTrue(slow.supply.isLeft() && slow.woken.get() > before);
            assertEquals(Optional.empty(), slow.supply.take());
            assertFalse(slow.supply.canGoOn());
            fast.sendAll(whole, whole.length);
            assertArrayEquals(Arrays.copyOfRange(whole, MIB, 2 * MIB), payload(onTheWay),
                    "what its link still reads is used for nothing else");
        }
    }

    @Test
    void aFileIsReadOnceMoreForTheOneThatTheOthersHaveWaitedFor() throws Exception {
        byte[] whole = random(12 * MIB + 5, 4);
        try (FileInput input = file(whole)) {
            Stock stock = stock(input);
            Mirror fast = new Mirror(stock).linked(MIB);
            Mirror slow = new Mirror(stock).linked(300_000);
            fast.sendAll(whole, MOST * MIB);
            waits(fast, LIMIT.dividedBy(2));
            slow.sendAll(whole, 2 * MIB);
            fast.sendAll(whole, (MOST + 2) * MIB);
            waits(fast, LIMIT.dividedBy(2).plusNanos(1)); // all in all
            assertTrue(fast.supply.hasRoom() && slow.supply.isLeft());
            slow.supply.readAlone();
            assertFalse(slow.supply.isLeft());
            fast.sendAll(whole, whole.length);
            slow.sendAll(whole, whole.length);
            assertEquals(Crc32c.of(ByteBuffer.wrap(whole)), slow.supply.totalCrc32c().orElseThrow());
            slow.supply.close();
        }
    }

    @Test
    void whoeverWaitsForItsOwnSidecarWaitsForNobodyElse() throws Exception {
        byte[] whole = random(9 * MIB, 5);
        try (StreamInput input = Sending.stream(whole)) {
            Stock stock = stock(input);
            Mirror one = new Mirror(stock).linked(MIB);
            Mirror other = new Mirror(stock).linked(MIB);
            one.sendAll(whole, MOST * MIB);
            other.sendAll(whole, MOST * MIB);
            one.supply.durable(MIB);
            waits(one, LIMIT.multipliedBy(3));
            assertFalse(other.supply.isLeft());
        }
    }

    @Test
    void whoeverHasEndedHoldsUpNobody() throws Exception {
        byte[] whole = random(9 * MIB, 6);
        try (StreamInput input = Sending.stream(whole)) {
            Stock stock = stock(input);
            Mirror one = new Mirror(stock).linked(MIB);
            Mirror never = new Mirror(stock);
            one.sendAll(whole, MOST * MIB);
            one.supply.durable(MOST * MIB);
            assertFalse(one.supply.hasRoom());
            never.supply.close();
            assertTrue(one.woken.get() > 0 && one.supply.hasRoom());
        }
    }

    @Test
    void whatIsToBeSentAgainIsHeldFromTheMomentThatItIsFoundToBeThere() throws Exception {
        byte[] whole = random(9 * MIB, 8);
        try (StreamInput input = Sending.stream(whole)) {
            Stock stock = stock(input);
            Mirror back = new Mirror(stock).linked(MIB);
            Mirror other = new Mirror(stock).linked(MIB);
            back.sendAll(whole, 4 * MIB);
            back.supply.durable(4 * MIB);
            other.sendAll(whole, 4 * MIB);
            other.supply.durable(2 * MIB);
            back.supply.linkIsOut();
            assertFalse(back.supply.keepsFrom(MIB));
            assertTrue(back.supply.keepsFrom(2 * MIB));
            other.supply.durable(4 * MIB);
            Crc32c held = back.supply.heldCrc32c(2 * MIB).orElseThrow();
            assertEquals(Crc32c.of(ByteBuffer.wrap(whole, 0, 2 * MIB)), held);
            back.supply.goTo(2 * MIB, Optional.of(held), MIB, true);
            back.next = 2 * MIB;
            back.sendAll(whole, 5 * MIB);
        }
    }

    @Test
    void aFileWithoutAByteHasALastChunkForEach() throws Exception {
        try (FileInput input = file(new byte[0])) {
            Stock stock = stock(input);
            for (Mirror each : List.of(new Mirror(stock).linked(MIB), new Mirror(stock).linked(MIB))) {
                assertTrue(each.supply.read(PATIENCE));
                assertTrue(each.supply.take().orElseThrow().isLast());
            }
        }
    }

    @Test
    void aFailureIsTheSameForAll() throws Exception {
        byte[] whole = random(MIB, 7);
        InputStream torn = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("torn");
            }
        };
        try (StreamInput input = new StreamInput(
                Channels.newChannel(new SequenceInputStream(new ByteArrayInputStream(whole), torn)), "stream")) {
            Stock stock = stock(input);
            List<Mirror> all = List.of(new Mirror(stock).linked(MIB), new Mirror(stock).linked(MIB));
            for (Mirror each : all) {
                each.sendAll(whole, whole.length);
                assertTrue(assertThrows(IOException.class, () -> each.supply.read(PATIENCE)).getMessage()
                        .contains("torn"));
            }
        }
    }

    /** The clock goes on while {@code one} has no room. */
    private void waits(Mirror one, Duration time) {
        assertFalse(one.supply.hasRoom());
        nanos += time.toNanos();
        one.supply.hasRoom();
    }

    private Stock stock(SnapshotInput input) {
        return new Stock(input, memory, MOST, Lag.ofSeveral(LIMIT, input.size().isEmpty(), () -> nanos));
    }

    private FileInput file(byte[] whole) throws IOException {
        return new FileInput(Files.write(directory.resolve("file"), whole));
    }
}
