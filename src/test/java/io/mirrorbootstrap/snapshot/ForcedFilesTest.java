package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;

/** A transfer ends while a checkpoint beside the flow forces its file: nobody waits for that, and the file is closed behind it. */
class ForcedFilesTest extends ReceiverOnSimulatedDisk {

    private final CountDownLatch forcing = new CountDownLatch(1);
    private final CountDownLatch hangs = new CountDownLatch(1);
    /** What is done beside the flow waits here until a test runs it. */
    private final Queue<Runnable> beside = new ArrayDeque<>();

    /** What ends it. */
    enum End {
        ABORT {
            @Override
            void of(ForcedFilesTest test) {
                assertEquals(new Removal.Done(), test.receiver.abort(Principal.ANYBODY));
            }
        },
        ANOTHER_SNAPSHOT {
            @Override
            void of(ForcedFilesTest test) {
                TestSource.assertOpened(0, test.receiver.open(test.other, TestSource.meant(identity(test.whole, 43))));
            }
        },
        FIRST_CHUNK {
            @Override
            void of(ForcedFilesTest test) {
                assertInstanceOf(ChunkOutcome.Pending.class, test.send(test.other, 0, 10));
            }
        };

        abstract void of(ForcedFilesTest test);
    }

    @BeforeEach
    void sendHalfOfACheckpoint() {
        receiver = new SnapshotReceiver(DB, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(2), CHECKPOINT_BYTES, beside::add),
                events::add, Optional.empty());
        receiver.open(one, identity);
        send(one, 0, 60);
        assertEquals(1, beside.size());
        assertEquals(1, disk.openFiles());
    }

    @ParameterizedTest
    @EnumSource
    void nobodyWaitsForTheForceOfWhatIsDiscarded(End end) throws Exception {
        CompletableFuture<Void> checkpoint = force(Optional.empty());

        end.of(this);

        assertFalse(checkpoint.isDone());
        assertTrue(end == End.FIRST_CHUNK || disk.bytes("db.partial").isEmpty(), "its name is removed at once");
        hangs.countDown();
        checkpoint.get(20, TimeUnit.SECONDS);
        assertTrue(directory.records().checkpoint(DB).isEmpty());
        receiver.abort(Principal.ANYBODY);
        assertEquals(0, disk.openFiles());
    }

    @Test
    void aForceThatFailsLeavesNoFileOpenEither() throws Exception {
        CompletableFuture<Void> checkpoint = force(Optional.of(new IOException("Input/output error")));
        End.ABORT.of(this);
        hangs.countDown();
        checkpoint.get(20, TimeUnit.SECONDS);
        assertEquals(0, disk.openFiles());
    }

    @Test
    void aForceThatComesBehindTheEndDoesNothing() throws Exception {
        End.ABORT.of(this);
        assertEquals(0, disk.openFiles());
        beside.remove().run();
        assertEquals(0, disk.openFiles());
        assertTrue(directory.records().checkpoint(DB).isEmpty());
    }

    @Test
    void whatIsPutAwayIsClosedToo() throws Exception {
        receiver.disconnected(one, KeptReason.LINK_LOST);
        assertEquals(0, disk.openFiles());
        beside.remove().run();
        assertEquals(60, directory.records().checkpoint(DB).orElseThrow().bytes());
        TestSource.assertOpened(60, receiver.open(other, identity));
        assertEquals(1, disk.openFiles());
    }

    /** Returns when a checkpoint forces the file, until it need not hang any more. */
    private CompletableFuture<Void> force(Optional<IOException> failure) {
        disk.observe((what, name) -> {
            if (what.equals("forceFile") && name.startsWith(".db.")) {
                forcing.countDown();
                await(hangs);
                if (failure.isPresent()) {
                    throw failure.get();
                }
            }
        });
        CompletableFuture<Void> checkpoint = CompletableFuture.runAsync(beside.remove());
        await(forcing);
        return checkpoint;
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
