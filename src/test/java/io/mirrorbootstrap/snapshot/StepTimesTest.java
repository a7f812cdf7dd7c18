package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.StepTimes.Step;

/** Which steps are told, and when. */
class StepTimesTest extends ReceiverOnSimulatedDisk {

    private final List<Step> told = new ArrayList<>();

    private SnapshotReceiver timed() {
        SnapshotDirectory timed = new SnapshotDirectory(disk, 0, RECORDS, (step, nanos) -> {
            assertTrue(nanos >= 0, () -> step + " took " + nanos);
            told.add(step);
        });
        return new SnapshotReceiver(DB, timed, rules(), events::add, Optional.empty());
    }

    @Test
    void eachStepOfATransferIsTold() {
        receiver = timed();
        TestSource.assertOpened(0, receiver.open(one, identity));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 10));
        assertEquals(List.of(Step.CRC, Step.WRITE), told);
        told.clear();
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 10, 10 + CHECKPOINT_BYTES));
        assertTrue(told.contains(Step.FORCE), "of a checkpoint: " + told);
        told.clear();
        assertInstanceOf(ChunkOutcome.Committed.class, send(one, 10 + CHECKPOINT_BYTES, whole.length));
        assertEquals(List.of(Step.CRC, Step.WRITE, Step.FORCE, Step.COMMIT), told);
    }

    @Test
    void whatFailsIsNotTold() {
        receiver = timed();
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 10));
        told.clear();
        disk.whileFull("write", () -> assertInstanceOf(ChunkOutcome.Refused.class, send(one, 10, 20)));
        assertEquals(List.of(Step.CRC), told);
    }
}
