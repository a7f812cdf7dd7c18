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

        TestSource.assertOpened(250, receiver.open(other, identity)); // nothing that counts is lost, nor does what was refused count
        assertEquals(new ChunkOutcome.Pending(300, 300), send(other, 250, 300));
    }

    @Test
    void whatIsRefusedForItDoesNotCount() {
        receiver.open(one, identity);
        send(one, 0, 30);
        disk.whileFull("create", () -> {
            assertEquals(new ChunkOutcome.Pending(60, 0), send(one, 30, 60));
            for (int again = 0; again < 3; again++) {
                assertInstanceOf(ChunkOutcome.Refused.class, send(one, 60, 100),
                        "checkpoint-bytes is what may be lost");
                TestSource.assertOpened(60, receiver.open(one, identity));
            }
        });
        assertEquals(new ChunkOutcome.Pending(100, 60), send(one, 60, 100));
    }
}
