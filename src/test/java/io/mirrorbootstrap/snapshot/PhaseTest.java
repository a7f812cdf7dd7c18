package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Phase.Announced;
import io.mirrorbootstrap.snapshot.Phase.Idle;
import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.Phase.Recovering;
import io.mirrorbootstrap.snapshot.Phase.UnderWay;
import io.mirrorbootstrap.snapshot.Phase.Verifying;
import io.mirrorbootstrap.store.SimulatedDisk;

/** What each phase knows of its transfer, which may follow which, and who has a place. */
class PhaseTest {

    private static final DatabaseId DB = new DatabaseId("db");
    private static final SnapshotIdentity IDENTITY = new SnapshotIdentity("cluster", DB, 42, 1000, Crc32c.EMPTY);

    private final TestSource one = new TestSource();
    private final TestSource other = new TestSource();
    private final KeptTransfer left = KeptTransfer
            .left(Inventory.Resumable.of(new Checkpoint(IDENTITY, 300, Crc32c.EMPTY)));
    private final Recovering recovering = new Recovering(false);
    private final Announced announced = new Announced(one, Announcement.of(IDENTITY));
    private final Kept kept = new Kept(left);
    private final Verifying verifying = new Verifying(one, left);
    private Transfer transfer;
    private UnderWay underWay;

    @BeforeEach
    void begin() throws IOException {
        SimulatedDisk disk = new SimulatedDisk();
        transfer = new Transfer(Announcement.of(IDENTITY),
                PartialFile.create(disk, new DiskRoom(disk, 0), "db.partial"));
        transfer.accept(200, Crc32c.EMPTY);
        underWay = new UnderWay(one, transfer, true);
    }

    @Test
    void aPhaseWithASourceHasAnOwner() {
        for (Phase owned : List.of(announced, underWay, verifying)) {
            assertEquals(Optional.of(one), owned.owner());
            assertTrue(owned.isOwnedBy(one));
            assertFalse(owned.isOwnedBy(other));
        }
        for (Phase nobodys : List.of(recovering, Idle.IDLE, kept)) {
            assertEquals(Optional.empty(), nobodys.owner());
            assertFalse(nobodys.isOwnedBy(one));
        }
    }

    @Test
    void eachPhaseKnowsItsSnapshotAndHowMuchOfItIsAccepted() {
        assertEquals(Map.of(announced, 0L, underWay, 200L, kept, 300L, verifying, 300L),
                Map.of(announced, announced.bytesDone(), underWay, underWay.bytesDone(), kept, kept.bytesDone(),
                        verifying, verifying.bytesDone()));
        for (Phase of : List.of(announced, underWay, kept, verifying)) {
            assertEquals(Optional.of(IDENTITY), of.identity());
        }
        for (Phase without : List.of(recovering, Idle.IDLE)) {
            assertEquals(Optional.empty(), without.identity());
            assertEquals(0, without.bytesDone());
        }
    }

    @Test
    void aTransferIsUnderWayOrKeptOrNeither() {
        assertSame(transfer, underWay.current().orElseThrow());
        assertTrue(underWay.isOf(transfer));
        assertEquals(Optional.empty(), underWay.kept());
        for (Phase waiting : List.of(kept, verifying)) {
            assertSame(left, waiting.kept().orElseThrow());
            assertEquals(Optional.empty(), waiting.current());
            assertFalse(waiting.isOf(transfer));
        }
        for (Phase neither : List.of(recovering, Idle.IDLE, announced)) {
            assertEquals(Optional.empty(), neither.kept());
            assertEquals(Optional.empty(), neither.current());
        }
    }

    @Test
    void onlyWhatWasOpenedIsKeptWhenItsLinkDrops() {
        assertTrue(underWay.isOpened());
        assertFalse(new UnderWay(one, transfer, false).isOpened());
        assertFalse(announced.isOpened());
    }

    @Test
    void aPhaseFollowsTheseAndNoOther() {
        List<Phase> all = List.of(recovering, Idle.IDLE, announced, underWay, kept, verifying);
        assertEquals(List.of(recovering), before(recovering, all));
        assertEquals(all, before(Idle.IDLE, all));
        assertEquals(List.of(Idle.IDLE, announced, underWay, kept, verifying), before(announced, all));
        assertEquals(List.of(Idle.IDLE, announced, underWay, kept, verifying), before(underWay, all));
        assertEquals(List.of(recovering, underWay, kept, verifying), before(kept, all));
        assertEquals(List.of(kept, verifying), before(verifying, all));
    }

    @Test
    void anIllegalStepIsNotTaken() {
        TransferLock lock = new TransferLock(Duration.ZERO);
        CurrentPhase phase = new CurrentPhase(lock, DB, new BootstrapLimit(1), Idle.IDLE);
        assertThrows(AssertionError.class, () -> phase.become(announced), "without the lock");
        lock.lock();
        assertThrows(AssertionError.class, () -> phase.become(verifying));
        assertSame(Idle.IDLE, phase.now());
    }

    @Test
    void thePlaceIsGivenBackWithTheLastOwner() {
        TransferLock lock = new TransferLock(Duration.ZERO);
        BootstrapLimit places = new BootstrapLimit(1);
        DatabaseId another = new DatabaseId("another");
        CurrentPhase phase = new CurrentPhase(lock, DB, places, Idle.IDLE);
        lock.lock();
        assertEquals(Optional.empty(), places.enter(DB, Principal.ANYBODY, false));
        for (Phase owned : List.of(announced, underWay)) {
            phase.become(owned);
            assertTrue(places.refuse(another, Principal.ANYBODY, false).isPresent(), owned::toString);
        }
        phase.become(kept);
        assertEquals(Optional.empty(), places.refuse(another, Principal.ANYBODY, false));

        assertEquals(Optional.empty(), places.enter(DB, Principal.ANYBODY, false));
        phase.giveBackPlace(); // its source has entered, and did not begin
        assertEquals(Optional.empty(), places.refuse(another, Principal.ANYBODY, false));

        assertEquals(Optional.empty(), places.enter(DB, Principal.ANYBODY, false));
        phase.become(verifying);
        phase.giveBackPlace();
        assertTrue(places.refuse(another, Principal.ANYBODY, false).isPresent(), "it is in use");
        phase.become(Idle.IDLE);
        assertEquals(Optional.empty(), places.refuse(another, Principal.ANYBODY, false));
    }

    @Test
    void noByteIsDurableThatIsNotAcceptedAndNoneIsAcceptedBeyondTheEnd() {
        assertThrows(AssertionError.class, () -> transfer.durable(201));
        transfer.durable(200);
        transfer.durable(100); // a checkpoint that has taken longer than the next
        assertEquals(new Progress(200, 200), transfer.progress());
        assertThrows(AssertionError.class, () -> transfer.accept(801, Crc32c.EMPTY));
        transfer.accept(800, Crc32c.EMPTY);
        assertThrows(AssertionError.class,
                () -> new KeptTransfer(left.accepted(), 301, Optional.empty(), Waiting.now(), false, false));
    }

    private static List<Phase> before(Phase next, List<Phase> all) {
        return all.stream().filter(next::mayFollow).toList();
    }
}
