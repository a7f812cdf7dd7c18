package io.mirrorbootstrap.seed;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.SharedRate;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.TestSource;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.SourceUrl;
import io.mirrorbootstrap.source.StorageServer;
import io.mirrorbootstrap.store.SimulatedDisk;

/** An object in storage becomes a committed snapshot, or nothing, whatever its server does; on a simulated disk. */
@Timeout(60)
class SeedPullTest {

    private static final int MIB = 1024 * 1024;
    private static final int CHUNK = 8 * 1024;
    private static final DatabaseId DATABASE = new DatabaseId("orders");
    private static final String MODIFIED = "Last-Modified: Sat, 28 Nov 2026 15:00:00 GMT";

    private final byte[] whole = random(3 * MIB + 77, 1);
    private final SimulatedDisk disk = new SimulatedDisk();
    private Mirrors mirrors = TestMirrors.on(disk);
    private final List<String> found = new CopyOnWriteArrayList<>();
    private Optional<Crc32c> crc32c = Optional.empty();
    private StorageServer storage;
    private Pull pull;
    private boolean isOthersTurn;
    private long nanos;

    @BeforeEach
    void start() throws IOException {
        storage = new StorageServer(whole);
    }

    @AfterEach
    void stop() throws IOException {
        storage.close();
    }

    @Test
    void itBecomesASnapshotWhoseCrcIsComputedAsItComes() throws Exception {
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        assertHas(whole);
        assertEquals(List.of(0L, 0L, 0L, 0L), storage.asked()); // a look, another one, all of it, and a last look
        try (CommittedFile there = mirrors.openSnapshot(DATABASE).orElseThrow()) {
            assertEquals("cluster", there.snapshot().sourceClusterId());
            assertEquals(Optional.of("mine"), there.snapshot().notes().position());
            assertTrue(there.snapshot().streamId().orElseThrow().startsWith("u-"));
        }
        assertEquals(List.of("no LSN is known of this kind of snapshot: 0"), found);
    }

    @Test
    void whatHasComeIsGoneOnWith() throws Exception {
        long came = cut();
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        assertEquals(came, pull.from());
        assertEquals(List.of(0L, 0L, came, 0L), storage.asked().subList(4, 8));
        assertHas(whole);
    }

    @Test
    void withoutAStrongTagItBeginsAnew() throws Exception {
        storage.with(MODIFIED);
        cut();
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        assertEquals(0, pull.from());
        assertEquals(List.of(0L, 0L, 0L, 0L), storage.asked().subList(4, 8));
        assertHas(whole);
    }

    @Test
    void withAKnownCrcItGoesOnWhateverTheServerTells() throws Exception {
        crc32c = Optional.of(Crc32c.of(ByteBuffer.wrap(whole)));
        storage.with();
        long came = cut();
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        assertEquals(came, pull.from());
        assertHas(whole);
    }

    @Test
    void whatHasMadeWayForOthersIsGoneOnWith() throws Exception {
        isOthersTurn = true;
        assertInstanceOf(Pull.Outcome.MadeWay.class, pulled());
        assertEquals(CHUNK, pull.at());
        isOthersTurn = false;
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        assertEquals(CHUNK, pull.from());
        assertHas(whole);
    }

    /** Without an LSN nothing tells which of the two is the later. */
    @Test
    void whatIsCommittedIsNotReplacedWhateverItIs() throws Exception {
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        replaceIt();
        assertInstanceOf(Pull.Outcome.Here.class, pulled());
        assertHas(whole);
    }

    /** It may have come while the seed was on its way: somebody has put it there. */
    @Test
    void whatHasComeMeanwhileIsNotReplacedEither() throws Exception {
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        byte[] manifest = disk.bytes("orders.manifest.json").orElseThrow();
        disk.remove("orders.snapshot");
        disk.remove("orders.manifest.json");
        replaceIt();
        disk.observe((what, name) -> {
            if (what.equals("truncate")) { // the last chunk has come
                disk.stopObserving();
                disk.put("orders.snapshot", whole);
                disk.put("orders.manifest.json", manifest);
            }
        });
        Pull.Outcome.Refused refused = assertInstanceOf(Pull.Outcome.Refused.class, pulled());
        assertInstanceOf(Refusal.StaleSnapshot.class, refused.refusal());
        assertArrayEquals(whole, disk.bytes("orders.snapshot").orElseThrow());
    }

    @Test
    void aSourceThatIsThereIsLeftAloneThoughItBringsTheVerySame() throws Exception {
        Offer offer = object().offer(found::add);
        TestSource source = new TestSource();
        assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(source, offer.announcement()));
        Pull.Outcome.Refused refused = assertInstanceOf(Pull.Outcome.Refused.class, pulled(offer));
        assertInstanceOf(Refusal.TransferInProgress.class, refused.refusal());
        assertFalse(source.isSuperseded());
        mirrors.disconnected(source, KeptReason.LINK_LOST);
        assertInstanceOf(Pull.Outcome.Committed.class, pulled(offer));
    }

    /** A copy of the volume: what it has is known when it has been read. */
    @Test
    void whatIsBeingReadHereIsWaitedForInAnotherRound() throws Exception {
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        SimulatedDisk copy = new SimulatedDisk();
        copy.put("orders.snapshot", whole);
        copy.put("orders.manifest.json", disk.bytes("orders.manifest.json").orElseThrow());
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch hangs = new CountDownLatch(1);
        copy.observe((what, name) -> {
            if (what.equals("readFile")) {
                reading.countDown();
                assertDoesNotThrow(() -> hangs.await());
            }
        });
        mirrors = TestMirrors.on(copy);
        assertTrue(reading.await(20, TimeUnit.SECONDS));
        replaceIt();
        assertInstanceOf(Pull.Outcome.Busy.class, pulled());
        hangs.countDown();
        Awaitility.await().until(() -> !(pulled() instanceof Pull.Outcome.Busy));
        assertInstanceOf(Pull.Outcome.Here.class, pulled());
        assertHas(whole);
    }

    @Test
    void theTimeOfTheDiskHereIsNotTheProviders() throws Exception {
        disk.observe((what, name) -> nanos += Duration.ofSeconds(61).toNanos());
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        assertHas(whole);
    }

    /** @return how many bytes have come, in whole chunks: some that were on their way are lost with a connection */
    private long cut() throws Exception {
        storage.cuts(3, 2 * MIB).on(4, "503 Service Unavailable", "");
        assertInstanceOf(Pull.Outcome.Cut.class, pulled());
        assertTrue(pull.at() > 0 && pull.at() % CHUNK == 0, () -> "at byte " + pull.at());
        return pull.at();
    }

    @Test
    void anotherCrcIsNeverCommitted() throws Exception {
        crc32c = Optional.of(new Crc32c(1));
        Pull.Outcome.Refused refused = assertInstanceOf(Pull.Outcome.Refused.class, pulled());
        assertInstanceOf(Refusal.SnapshotCrcMismatch.class, refused.refusal());
        assertNothingIsThere();
    }

    @Test
    void whatBecomesAnotherInTheMiddleIsDropped() throws Exception {
        storage.on(3, client -> {
            storage.part(client, 2 * MIB);
            replaceIt();
        });
        assertInstanceOf(Pull.Outcome.Changed.class, pulled());
        assertNothingIsThere();
        assertInstanceOf(Pull.Outcome.Committed.class, pulled());
        assertHas(random(whole.length, 2));
    }

    @Test
    void whatIsWrittenToInPlaceIsDropped() throws Exception {
        storage.with(MODIFIED).on(3, client -> {
            storage.part(client, Integer.MAX_VALUE);
            storage.with(MODIFIED.replace("15:", "16:"));
        });
        assertInstanceOf(Pull.Outcome.Changed.class, pulled());
        assertNothingIsThere();
    }

    @Test
    void whatBecomesAnotherBeforeItIsReadIsDropped() throws Exception {
        Offer offer = object().offer(found::add);
        storage.with("ETag: \"two\"");
        assertInstanceOf(Pull.Outcome.Changed.class, pulled(offer));
        assertNothingIsThere();
    }

    @Test
    void whatHasNoByteIsNoSnapshot() throws Exception {
        storage.replace(new byte[0]);
        IOException refused = assertThrows(IOException.class, () -> object().offer(found::add));
        assertTrue(refused.getMessage().contains("it has no byte"), refused::getMessage);
    }

    /** Another has its place in storage. */
    private void replaceIt() {
        storage.replace(random(whole.length, 2));
        storage.with("ETag: \"two\"");
    }

    private SeedObject object() {
        Origin origin = new Origin("cluster", DATABASE, OptionalLong.empty(), false,
                new Notes(Optional.of("mine"), Map.of()), Optional.empty());
        return new SeedObject(SourceUrl.parse(storage.url("/orders.tar?signature=0123456789")), origin, crc32c,
                Optional.empty(), Optional.empty(), Optional.empty());
    }

    private Pull.Outcome pulled() throws Exception {
        return pulled(object().offer(found::add));
    }

    private Pull.Outcome pulled(Offer offer) throws Exception {
        SeedSource source = new SeedSource(offer.owner(), offer.provider().where());
        pull = new Pull(mirrors, source, offer, new SharedRate(0, () -> ToldApart.NOT).of(source.principal()), CHUNK,
                new Ending(), () -> isOthersTurn, () -> nanos);
        Pull.Outcome outcome = pull.run();
        if (outcome instanceof Pull.Outcome.Changed) {
            pull.drop();
        }
        return outcome;
    }

    private void assertHas(byte[] expected) throws IOException {
        try (CommittedFile there = mirrors.openSnapshot(DATABASE).orElseThrow()) {
            ByteBuffer bytes = ByteBuffer.allocate(expected.length);
            while (bytes.hasRemaining() && there.read(bytes, bytes.position()) >= 0) {
                // as much as comes
            }
            assertArrayEquals(expected, bytes.array());
            assertEquals(expected.length, there.snapshot().bytes());
            assertEquals(Crc32c.of(ByteBuffer.wrap(expected)), there.snapshot().crc32c());
        }
    }

    private void assertNothingIsThere() throws Exception {
        assertEquals(Optional.empty(), mirrors.openSnapshot(DATABASE));
        SeedSource next = new SeedSource(Optional.empty(), "here");
        Offer offer = object().offer(found::add);
        assertEquals(0, assertInstanceOf(OpenOutcome.Opened.class, mirrors.open(next, offer.announcement())).offset());
        mirrors.abort(next, DATABASE);
    }
}
