package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Optional;

import org.junit.jupiter.api.Test;

/** A source whose transfer somebody else ends before the first byte hears of it with its first chunk. */
class EndedByOthersTest extends ReceiverOnSimulatedDisk {

    private static final ChunkOutcome ENDED = new ChunkOutcome.Refused(new Refusal.OffsetRegression(0, 0));

    @Test
    void itDoesNotGoOnBehindTheSnapshotThatHasComeSince() {
        receiver.open(one, identity);
        assertEquals(new Removal.Done(), receiver.abort(Principal.ANYBODY));
        SnapshotIdentity later = identity(whole, 43);
        receiver.open(other, later);
        IncomingChunk all = TestSource.chunk(receiver, other, later, 0);
        all.write(ByteBuffer.wrap(whole));
        assertInstanceOf(ChunkOutcome.Committed.class, all.finish(true, Optional.empty()));

        assertEquals(ENDED, send(one, 0, 300));
        assertEquals(new Refusal.StaleSnapshot(42, 43, "cluster", "cluster", Optional.empty()),
                assertInstanceOf(OpenOutcome.Refused.class, receiver.open(one, identity)).refusal());
    }

    @Test
    void itHearsOfItOnce() {
        receiver.open(one, identity);
        receiver.abort(other.principal(), Optional.of(other));
        assertEquals(ENDED, send(one, 0, 300));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 300), "it begins anew");
    }

    @Test
    void soItIsWhileTheChunkComes() throws Exception {
        receiver.open(one, identity);
        IncomingChunk chunk = TestSource.chunk(receiver, one, identity, 0);
        chunk.write(ByteBuffer.wrap(whole, 0, 300));
        receiver.abort(Principal.ANYBODY);
        assertEquals(ENDED, chunk.finish(false, Optional.empty()));
        assertTrue(disk.names().stream().noneMatch(name -> name.contains("partial")), disk::toString);
    }

    @Test
    void whoOpensAgainOrHasEndedItItselfHearsNothing() {
        receiver.open(one, identity);
        receiver.abort(other.principal(), Optional.of(other));
        TestSource.assertOpened(0, receiver.open(one, identity));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 300));
        receiver.abort(one.principal(), Optional.of(one));

        receiver.open(one, identity);
        receiver.abort(one.principal(), Optional.of(one));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 300));
    }

    @Test
    void aSourceThatWasSupersededEndsNothingOfItsSuccessor() {
        receiver.open(one, identity);
        send(one, 0, 300);
        TestSource.assertOpened(300, receiver.open(other, identity));
        assertEquals(new Removal.Refused(new Refusal.Superseded(DB)),
                receiver.abort(one.principal(), Optional.of(one)));
        assertInstanceOf(ChunkOutcome.Pending.class, send(other, 300, 400));
    }

    @Test
    void ofManyTheOldestAreForgotten() {
        EndedByOthers ended = new EndedByOthers();
        for (int i = 0; i < 65; i++) {
            ended.add(new DatabaseId("d" + i));
        }
        assertFalse(ended.hear(new DatabaseId("d0")));
        assertTrue(ended.hear(new DatabaseId("d1")));
        assertFalse(ended.hear(new DatabaseId("d1")));
    }
}
