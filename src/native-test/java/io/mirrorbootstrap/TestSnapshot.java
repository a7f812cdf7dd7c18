package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.ByteBuffer;
import java.util.Random;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/** A snapshot as a source has it, which a test sends piece by piece and as badly as it likes. */
record TestSnapshot(SnapshotIdentity identity, byte[] bytes) {

    static final int MIB = 1024 * 1024;

    /** The longest frame that {@link #send} makes, in bytes. */
    private static final int FRAME = 256 * 1024;

    /** One whose bytes follow from their number. */
    static TestSnapshot random(String database, int bytes) {
        byte[] random = new byte[bytes];
        new Random(bytes).nextBytes(random);
        return of(database, 42, random);
    }

    static TestSnapshot of(String database, long lsn, byte[] bytes) {
        return new TestSnapshot(new SnapshotIdentity("cluster", new DatabaseId(database), lsn, bytes.length,
                Crc32c.of(ByteBuffer.wrap(bytes))), bytes);
    }

    /** The same bytes, of another database. */
    TestSnapshot of(String database) {
        return of(database, identity.lsn(), bytes);
    }

    /** The same bytes, taken later or earlier. */
    TestSnapshot at(long lsn) {
        return of(identity.database().value(), lsn, bytes);
    }

    /** The message that opens its transfer. */
    String open() {
        return JsonMessages.write(new Control.Open(Announcement.of(identity)));
    }

    /** The message that ends its transfer. */
    String abort() {
        return JsonMessages.write(new Control.Abort(identity.database()));
    }

    /** All of it in one message. */
    byte[] chunk() {
        return chunk(0, bytes.length);
    }

    /** The message with its bytes {@code from} to {@code to}, the last one if it reaches the end. */
    byte[] chunk(int from, int to) {
        return chunk(from, to, to == identity.totalBytes());
    }

    byte[] chunk(int from, int to, boolean done) {
        byte[] head = ChunkEncoder.head(identity, from, to - from, Crc32c.of(ByteBuffer.wrap(bytes, from, to - from)),
                done);
        return ByteBuffer.allocate(head.length + to - from).put(head).put(bytes, from, to - from).array();
    }

    /** What is answered to {@link #open}. */
    Answer open(RawClient link) throws Exception {
        link.text(open());
        return answer(link);
    }

    /** Opens its transfer. */
    Answer.Opened opened(RawClient link) throws Exception {
        return opened(open(link));
    }

    /** Sends all of it; what is answered. */
    Answer send(RawClient link) throws Exception {
        return send(link, 0, bytes.length);
    }

    /** Sends {@link #chunk}; what is answered. */
    Answer send(RawClient link, int from, int to) throws Exception {
        link.binary(chunk(from, to), FRAME);
        return answer(link);
    }

    /** Sends what follows {@code from}, which is the end of it. */
    Answer.Committed committed(RawClient link, int from) throws Exception {
        return committed(send(link, from, bytes.length));
    }

    /** Sends all of it, which succeeds. */
    Answer.Committed committed(RawClient link) throws Exception {
        return committed(link, 0);
    }

    /** The next answer. */
    static Answer answer(RawClient link) throws Exception {
        return JsonMessages.answer(link.answer().toString());
    }

    static Answer.Opened opened(Answer answer) {
        return assertInstanceOf(Answer.Opened.class, answer, answer::toString);
    }

    static Answer.Committed committed(Answer answer) {
        return assertInstanceOf(Answer.Committed.class, answer, answer::toString);
    }

    /** That this is the refusal with this code. */
    static Answer.Failure refused(ErrorCode code, Answer answer) {
        Answer.Failure failure = assertInstanceOf(Answer.Failure.class, answer, answer::toString);
        assertEquals(code.spelling(), failure.code(), failure::toString);
        return failure;
    }

    /** That the next answer is the refusal with this code; with its own fields, of which some are lists. */
    static JsonNode refused(ErrorCode code, RawClient link) throws Exception {
        JsonNode answer = link.answer();
        refused(code, JsonMessages.answer(answer.toString()));
        return answer;
    }
}
