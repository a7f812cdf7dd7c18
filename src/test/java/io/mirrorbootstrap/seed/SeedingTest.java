package io.mirrorbootstrap.seed;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.StorageServer;
import io.mirrorbootstrap.store.SimulatedDisk;

/** What is brought again and again, and what is left alone. */
@Timeout(60)
class SeedingTest {

    private static final DatabaseId DATABASE = new DatabaseId("orders");
    private static final SnapshotIdentity IDENTITY = new SnapshotIdentity("cluster", DATABASE, 42, 1000, new Crc32c(1));
    private static final String PROVIDER = "https://storage/orders.tar";
    private static final String SOURCE = "10.0.0.7:40312";

    private final StatusBoard board = new StatusBoard();
    private final SimulatedDisk disk = new SimulatedDisk();

    private static MirrorSettings settings(String from) {
        return TestMirrors.settings(
                Map.of("expected-databases", DATABASE.value(), "seed-from", from, "seed-cluster", "cluster"));
    }

    /** As where the pod has no thread left. */
    @Test
    void aRoundThatFailsAsNobodyExpectsIsFollowedByTheNext() throws Exception {
        try (StorageServer storage = new StorageServer(random(100_000, 1))) {
            MirrorSettings settings = settings(storage.url("/orders.tar"));
            Mirrors mirrors = TestMirrors.on(disk, settings, () -> ToldApart.NOT, board);
            ExpectedDatabases expected = new ExpectedDatabases(settings, board);
            SeedUrls urls = new SeedUrls(settings.seedFrom().orElseThrow(), "");
            SeedLog log = new SeedLog();
            Ending ending = new Ending();
            AtomicInteger asked = new AtomicInteger();
            LongSupplier clock = () -> {
                if (asked.getAndIncrement() == 0) {
                    throw new OutOfMemoryError("unable to create native thread: possibly out of memory");
                }
                return System.nanoTime();
            };
            Thread seeding = new Thread(new Seeding(List.of(DATABASE), new Siblings(urls, Credentials.NONE, log),
                    new SeedObjects(ObjectSettings.read(settings, urls, expected.all(), Map.of()), log), log, mirrors,
                    board, new RemovedOnRequest(expected), TestMirrors.rate(settings), settings.maxChunkBytes(), ending,
                    clock));
            seeding.start();
            Awaitility.await().atMost(Duration.ofSeconds(50)).until(() -> !seeding.isAlive() || board.mirror(DATABASE)
                    .filter(mirror -> mirror.committed().isPresent()).isPresent());
            assertTrue(seeding.isAlive());
            ending.now();
            seeding.join();
        }
    }

    @Test
    void whatSomebodyHasRemovedIsLeftAloneAndWhatItsSourceAbortsIsNot() {
        RemovedOnRequest removed = new RemovedOnRequest(new ExpectedDatabases(settings(PROVIDER), board));
        removed.begins(IDENTITY, PROVIDER);
        removed.on(began(0, PROVIDER));
        removed.on(began(500, SOURCE));
        removed.on(dropped());
        assertFalse(removed.has(DATABASE));

        removed.begins(IDENTITY, PROVIDER);
        removed.on(began(0, PROVIDER));
        removed.on(dropped());
        assertTrue(removed.has(DATABASE));
    }

    @Test
    void whatASourceHasBegunIsNotSeedingsOwnThoughItGoesOnWithIt() {
        RemovedOnRequest removed = new RemovedOnRequest(new ExpectedDatabases(settings(PROVIDER), board));
        removed.on(began(0, SOURCE));
        removed.begins(IDENTITY, PROVIDER);
        removed.on(began(500, PROVIDER));
        assertFalse(removed.isOwn(IDENTITY));
        removed.on(dropped());
        assertTrue(removed.has(DATABASE), "it was coming");

        removed.on(new TransferEvent.Began(IDENTITY, 0, 0, SOURCE, Optional.empty()));
        removed.begins(IDENTITY, PROVIDER);
        removed.on(began(0, PROVIDER));
        assertTrue(removed.isOwn(IDENTITY));
        removed.begins(IDENTITY, PROVIDER);
        removed.on(began(700, PROVIDER));
        assertTrue(removed.isOwn(IDENTITY), "it goes on with its own");
        removed.on(began(800, SOURCE));
        assertFalse(removed.isOwn(IDENTITY));
        assertEquals(Optional.empty(), board.mirror(DATABASE).flatMap(mirror -> mirror.committed()));
    }

    private static TransferEvent began(long bytes, String address) {
        return new TransferEvent.Began(IDENTITY, bytes, 0, address);
    }

    private static TransferEvent dropped() {
        return new TransferEvent.Dropped(IDENTITY, 500, DropReason.ABORTED);
    }
}
