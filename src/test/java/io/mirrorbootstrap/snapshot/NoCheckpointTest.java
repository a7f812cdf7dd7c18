package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import org.junit.jupiter.api.Test;

/** A disk that takes payload, and no checkpoint: it has no inode left, or a quota of files. */
class NoCheckpointTest extends ReceiverOnSimulatedDisk {

    @Test
    void aSourceIsNotLetOnWithMoreThanItMayHaveToSendAgain() {
        receiver.open(one, identity);
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, CHECKPOINT_BYTES));

        disk.whileFull("create", () -> {
            assertEquals(new ChunkOutcome.Pending(250, CHECKPOINT_BYTES), send(one, CHECKPOINT_BYTES, 250));
            assertInstanceOf(Refusal.InsufficientStorage.class,
                    assertInstanceOf(ChunkOutcome.Refused.class, send(one, 250, 260)).refusal());
        });

        TestSource.assertOpened(260, receiver.open(other, identity)); // nothing that came is lost
        assertEquals(new ChunkOutcome.Pending(300, 300), send(other, 260, 300));
    }
}
