package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Phase.Announced;
import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.Phase.Recovering;
import io.mirrorbootstrap.snapshot.Phase.UnderWay;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** Which open, chunk and removal is refused, and with what, in which phase. */
class AdmissionTest {

    private static final DatabaseId DB = new DatabaseId("db");
    private static final Crc32c CRC = Crc32c.of(ByteBuffer.wrap(new byte[1000]));
    private static final SnapshotIdentity IDENTITY = new SnapshotIdentity("cluster", DB, 42, 1000, CRC);
    private static final SnapshotIdentity STREAM = new SnapshotIdentity("cluster", DB, 42, 0, Crc32c.EMPTY);

    private final SimulatedDisk disk = new SimulatedDisk();
    private final SnapshotDirectory directory = new SnapshotDirectory(disk, 0, new JsonRecords());
    private final BootstrapLimit places = new BootstrapLimit(1);
    private final Admission admission = admission(directory, List.of());
    private final TestSource one = new TestSource();
    private final TestSource other = new TestSource();
    private final TestSource a = new TestSource(TestSource.token("a"));
    private final TestSource b = new TestSource(TestSource.token("b"));
    private Transfer transfer;

    @BeforeEach
    void begin() throws IOException {
        transfer = new Transfer(Announcement.of(IDENTITY),
                PartialFile.create(disk, new DiskRoom(disk, 0), "db.partial"));
        transfer.accept(200, Crc32c.EMPTY);
    }

    @Test
    void anybodyMaySendWhereNothingIsProven() throws Exception {
        for (Phase phase : List.of(Idle.IDLE, new Announced(one, Announcement.of(IDENTITY)), underWay(one))) {
            assertEquals(Optional.empty(), admission.refuseSender(phase, other, IDENTITY));
        }
    }

    @Test
    void aClusterThatMayNotSendIsToldWhichMay() throws Exception {
        Refusal refusal = new Refusal.ClusterIdMismatch("cluster", List.of("mine"));
        assertEquals(Optional.of(refusal),
                admission(directory, List.of("mine")).refuseSender(Idle.IDLE, one, IDENTITY));
        assertEquals(Optional.of(refusal), admission.refuseSender(Idle.IDLE,
                new TestSource(TestSource.cluster("mine")), IDENTITY));
    }

    @Test
    void aDatabaseThatTheCallerMayNotTouchIsRefusedForAll() throws Exception {
        Principal forOthers = new Principal(CallerId.NOBODY, Optional.empty(), Optional.empty(), false,
                Optional.of(Set.of(new DatabaseId("other"))));
        Optional<Refusal> refusal = Optional.of(new Refusal.DatabaseNotAllowed(DB, List.of("other")));
        assertEquals(refusal, admission.refuseSender(Idle.IDLE, new TestSource(forOthers), IDENTITY));
        assertEquals(refusal, admission.refuseRemoval(Idle.IDLE, forOthers));
    }

    @Test
    void theTransferOfAnotherIsNotReplacedInAnyPhase() throws Exception {
        SnapshotIdentity ofA = IDENTITY.ownedBy(Optional.of("a"));
        Kept kept = new Kept(KeptTransfer.left(Inventory.Resumable.of(new Checkpoint(ofA, 300, Crc32c.EMPTY))));
        assertEquals(Optional.of(inProgress(0)),
                admission.refuseSender(new Announced(a, Announcement.of(ofA)), b, IDENTITY));
        assertEquals(Optional.of(inProgress(300)), admission.refuseSender(kept, b, IDENTITY));
        assertEquals(Optional.empty(), admission.refuseSender(kept, a, ofA));
        assertEquals(Optional.of(new Refusal.NotOwner("a")), Admission.refuseAbort(kept, b.principal()));
        assertEquals(Optional.empty(), Admission.refuseAbort(kept, a.principal()));
        assertEquals(Optional.empty(), Admission.refuseAbort(Idle.IDLE, b.principal()));
    }

    @Test
    void theSnapshotOfAnotherIsNeitherReplacedNorRemoved() throws Exception {
        CommittedSnapshot committed = new CommittedSnapshot("cluster", DB, 41, 1, CRC, Instant.EPOCH, Optional.empty(),
                Notes.NONE, Optional.of("a"));
        directory.records().writeManifest(new Manifest(committed, Optional.of("mark")));
        assertEquals(
                Optional.of(new Refusal.StaleSnapshot(42, 41, "cluster", "cluster", Optional.of("the token named a"))),
                admission.refuseSender(Idle.IDLE, b, IDENTITY));
        assertEquals(Optional.empty(), admission.refuseSender(Idle.IDLE, a, IDENTITY));
        assertEquals(Optional.of(new Refusal.NotOwner("a")),
                Admission.refuseRemovalOf(Optional.of(committed), b.principal()));
        assertEquals(Optional.empty(), Admission.refuseRemovalOf(Optional.of(committed), a.principal()));
        assertEquals(Optional.empty(), Admission.refuseRemovalOf(Optional.empty(), b.principal()));
    }

    @Test
    void aSourceThatIsGoneTakesNothingButWhatIsFreeOrItsOwn() throws Exception {
        one.leave();
        Optional<Refusal> gone = Optional.of(new Refusal.LinkEnded());
        Kept kept = new Kept(KeptTransfer.left(Inventory.Resumable.of(new Checkpoint(IDENTITY, 300, Crc32c.EMPTY))));
        assertEquals(gone, admission.enter(underWay(other), one, IDENTITY, 0));
        assertEquals(gone, admission.enter(kept, one, IDENTITY, 300));
        assertEquals(gone, admission.enterWithFirstChunk(kept, one, IDENTITY));
        assertEquals(Optional.empty(), admission.enter(Idle.IDLE, one, IDENTITY, 0));
        assertEquals(Optional.empty(), admission.enterWithFirstChunk(underWay(one), one, IDENTITY));
        assertEquals(Optional.empty(), admission.enter(kept, other, IDENTITY, 300));
        one.superseded(DB, other);
        Optional<Refusal> superseded = Optional.of(new Refusal.Superseded(DB));
        assertEquals(superseded, admission.enter(kept, one, IDENTITY, 300));
        assertEquals(superseded, admission.enter(Idle.IDLE, one, IDENTITY, 0));
    }

    @Test
    void whatIsRefusedTakesNoPlaceAndWhatIsAdmittedTakesOne() throws Exception {
        DatabaseId another = new DatabaseId("another");
        one.leave();
        admission.enter(underWay(other), one, IDENTITY, 0);
        admission.enterWithFirstChunk(underWay(other), one, IDENTITY);
        assertEquals(Optional.empty(), places.refuse(another, Principal.ANYBODY, false));
        admission.enter(Idle.IDLE, other, IDENTITY, 0);
        assertEquals(Optional.of(new Refusal.TooManyBootstraps(1)), places.refuse(another, Principal.ANYBODY, false));
    }

    @Test
    void withoutAPlaceNeitherAnOpenNorAFirstChunkBegins() throws Exception {
        places.enter(new DatabaseId("another"), Principal.ANYBODY, false);
        Optional<Refusal> full = Optional.of(new Refusal.TooManyBootstraps(1));
        assertEquals(full, admission.enter(Idle.IDLE, one, IDENTITY, 0));
        assertEquals(full, admission.refuseFirstChunk(Idle.IDLE, one, IDENTITY));
        assertEquals(full, admission.enterWithFirstChunk(Idle.IDLE, one, IDENTITY));
    }

    @Test
    void whatDoesNotFitOnTheDiskIsRefusedBeforeItsFirstByte() throws Exception {
        Admission full = admission(new SnapshotDirectory(disk, Long.MAX_VALUE, new JsonRecords()), List.of());
        for (SnapshotIdentity any : List.of(IDENTITY, STREAM)) {
            Refusal.InsufficientStorage refusal = assertInstanceOf(Refusal.InsufficientStorage.class,
                    full.refuseFirstChunk(Idle.IDLE, one, any).orElseThrow());
            assertEquals(any.isStream() ? 1 : 1000, refusal.needed());
            assertEquals(refusal, full.enter(Idle.IDLE, one, any, 0).orElseThrow());
        }
        assertEquals(Optional.empty(), full.enter(underWay(one), one, IDENTITY, 1000), "nothing more is needed");
        assertEquals(800, assertInstanceOf(Refusal.InsufficientStorage.class,
                full.refuseNextChunk(underWay(one), one, IDENTITY, 200).orElseThrow()).needed());
    }

    @Test
    void theRoomOfAPartialFileIsFreeForItsSuccessorOnly() throws Exception {
        disk.put("db.partial", new byte[1000]);
        Admission full = admission(new SnapshotDirectory(disk, Long.MAX_VALUE, new JsonRecords()), List.of());
        assertEquals(Optional.empty(), full.refuseFirstChunk(Idle.IDLE, one, IDENTITY));
        assertEquals(900, assertInstanceOf(Refusal.InsufficientStorage.class,
                full.enter(underWay(one), one, IDENTITY, 100).orElseThrow()).needed());
    }

    @Test
    void aChunkContinuesItsOwnSourcesTransferAndExactly() throws Exception {
        assertEquals(Optional.empty(), admission.refuseNextChunk(underWay(one), one, IDENTITY, 200));
        assertEquals(Optional.of(new Refusal.OffsetRegression(200, 100)),
                admission.refuseNextChunk(underWay(one), one, IDENTITY, 100));
        assertEquals(Optional.of(new Refusal.OffsetRegression(0, 200)),
                admission.refuseNextChunk(underWay(one), other, IDENTITY, 200));
        assertEquals(Optional.of(new Refusal.OffsetRegression(0, 200)),
                admission.refuseNextChunk(Idle.IDLE, one, IDENTITY, 200));
        assertInstanceOf(Refusal.IdentityMismatch.class, admission.refuseNextChunk(underWay(one), one,
                new SnapshotIdentity("cluster", DB, 43, 1000, CRC), 200).orElseThrow());
    }

    @Test
    void aStreamsLastChunkMayBringTheCrcThatItsFirstLeftOpen() throws Exception {
        Transfer stream = new Transfer(Announcement.of(STREAM),
                PartialFile.create(disk, new DiskRoom(disk, 0), "other.partial"));
        stream.accept(200, Crc32c.EMPTY);
        Phase phase = new UnderWay(one, stream, true);
        assertEquals(Optional.empty(), admission.refuseNextChunk(phase, one, STREAM, 200));
        assertEquals(Optional.empty(),
                admission.refuseNextChunk(phase, one, new SnapshotIdentity("cluster", DB, 42, 0, CRC), 200));
    }

    @Test
    void nothingIsRemovedWhileItIsNotKnownWhatIsThere() {
        assertEquals(Optional.of(DiskRoom.broken()),
                admission.refuseRemoval(new Recovering(true), Principal.ANYBODY));
        assertEquals(Optional.empty(), admission.refuseRemoval(new Recovering(false), Principal.ANYBODY));
        assertEquals(Optional.empty(), admission.refuseRemoval(Idle.IDLE, Principal.ANYBODY));
    }

    private Phase underWay(Source source) {
        return new UnderWay(source, transfer, true);
    }

    private static Refusal inProgress(long bytes) {
        return new Refusal.TransferInProgress("cluster", 42, bytes, 1000, Optional.of("the token named a"));
    }

    private Admission admission(SnapshotDirectory in, List<String> clusters) {
        return new Admission(DB, in, new ReceiverRules(clusters, places, 100, Runnable::run));
    }
}
