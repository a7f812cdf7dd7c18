package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A source whose transfer somebody else ends hears of it with its next chunk, or with the answer for which it waits. */
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

    /** However much has come: nothing, by a chunk without data, or some. */
    @ParameterizedTest
    @CsvSource({"true,0", "true,300", "false,0", "false,300"})
    void itHearsOfItBeforeItBeginsAtByte0(boolean isOpened, int bytes) {
        if (isOpened) {
            receiver.open(one, identity);
        }
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, bytes));
        receiver.abort(Principal.ANYBODY);
        assertEquals(ENDED, send(one, 0, 300));
        assertTrue(receiver.isIdle());
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 300), "it has heard of it");
    }

    @Test
    void whoHearsOfItWithALaterChunkHearsItOnceToo() {
        receiver.open(one, identity);
        send(one, 0, 300);
        IncomingChunk chunk = TestSource.chunk(receiver, one, identity, 300);
        receiver.abort(Principal.ANYBODY);
        chunk.write(ByteBuffer.wrap(whole, 300, 100));
        assertEquals(new ChunkOutcome.Refused(new Refusal.OffsetRegression(0, 300)),
                chunk.finish(false, Optional.empty()));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 300));

        receiver.abort(Principal.ANYBODY);
        assertEquals(new ChunkOutcome.Refused(new Refusal.OffsetRegression(0, 300)), send(one, 300, 400));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 0, 300));
    }

    @Test
    void itDoesNotGoOnWithWhatAnotherSourceHasLeftSince() {
        receiver.open(one, identity);
        send(one, 0, 300);
        receiver.abort(Principal.ANYBODY);
        receiver.open(other, identity);
        send(other, 0, 300);
        receiver.disconnected(other, TransferEvent.KeptReason.LINK_LOST);
        assertEquals(new ChunkOutcome.Refused(new Refusal.OffsetRegression(0, 300)), send(one, 300, 400));
        assertInstanceOf(ChunkOutcome.Pending.class, send(one, 300, 400), "as anybody may who knows of it");
    }

    @Test
    void whoWaitsForBytesThatAreReadBackIsToldInsteadOfBeginningAnew() throws Exception {
        leaveToBeReadBack();
        assertInstanceOf(OpenOutcome.Verifying.class, receiver.open(one, identity));
        assertEquals(new Removal.Done(), receiver.abort(Principal.ANYBODY));
        assertEquals(new OpenOutcome.Refused(new Refusal.OffsetRegression(0, 0)), receiver.open(one, identity));
        assertTrue(receiver.isIdle());
        TestSource.assertOpened(0, receiver.open(one, identity));

        leaveToBeReadBack();
        assertInstanceOf(ChunkStart.Verifying.class, receiver.chunk(one, identity, 300));
        receiver.abort(Principal.ANYBODY);
        assertEquals(new ChunkOutcome.Refused(new Refusal.OffsetRegression(0, 300)), send(one, 300, 400));
        assertTrue(receiver.isIdle());
    }

    private void leaveToBeReadBack() throws IOException {
        receiver.open(one, identity);
        send(one, 0, 300);
        receiver.disconnected(one, TransferEvent.KeptReason.LINK_LOST);
        receiver = receiver(directory.prepare().resumable().stream().findFirst());
    }

    @Test
    void ofManyTheOldestAreForgotten() {
        EndedByOthers ended = new EndedByOthers();
        for (int i = 0; i < 65; i++) {
            ended.add(new DatabaseId("d" + i), false);
        }
        assertEquals(Optional.empty(), ended.answerToChunk(new DatabaseId("d0"), 0));
        assertEquals(Optional.of(new Refusal.OffsetRegression(0, 7)), ended.answerToChunk(new DatabaseId("d1"), 7));
        assertEquals(Optional.empty(), ended.answerToChunk(new DatabaseId("d1"), 7));
    }
}
