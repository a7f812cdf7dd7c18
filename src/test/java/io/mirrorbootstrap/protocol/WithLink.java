package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_LAST;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

import jakarta.inject.Inject;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;
import io.quarkus.test.common.http.TestHTTPResource;

/** A service behind a real port, a link to it, and the name of a database that no other test has. */
abstract class WithLink {

    static final int MIB = 1024 * 1024;

    @TestHTTPResource
    URI service;

    @Inject
    SnapshotDirectory directory;

    final String database = "link-" + UUID.randomUUID();
    RawClient client;

    @BeforeEach
    void connect() throws Exception {
        client = new RawClient(service);
    }

    @AfterEach
    void cut() {
        client.cut();
    }

    static void write(RawClient client, TestChunk chunk) throws Exception {
        client.binary(chunk.encode(MAP_DATA_LAST), 60_000);
    }

    /** Sends a chunk, and waits for its answer. */
    Answer send(TestChunk chunk) throws Exception {
        return send(client, chunk);
    }

    static Answer send(RawClient client, TestChunk chunk) throws Exception {
        write(client, chunk);
        return client.typedAnswer();
    }

    /** Opens the transfer of {@code whole}, and waits for the answer. */
    Answer.Opened open(byte[] whole) throws Exception {
        return open(client, whole);
    }

    Answer.Opened open(RawClient client, byte[] whole) throws Exception {
        client.text(JsonMessages.write(new Control.Open(Announcement.of(TestChunk.of(whole, database).identity()))));
        return assertInstanceOf(Answer.Opened.class, client.typedAnswer());
    }

    Path file(String suffix) {
        return directory.path().resolve(database + suffix);
    }

    void assertSnapshotIs(byte[] whole) throws IOException {
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
    }

    static void assertCommitted(Answer answer) {
        assertInstanceOf(Answer.Committed.class, answer);
    }

    static void assertPending(long bytesDone, Answer answer) {
        assertEquals(bytesDone, assertInstanceOf(Answer.Pending.class, answer).bytesDone());
    }

    static Answer.Failure assertRefused(ErrorCode code, Answer answer) {
        Answer.Failure failure = assertInstanceOf(Answer.Failure.class, answer);
        assertEquals(code.spelling(), failure.code(), failure::toString);
        return failure;
    }

    /** The next answer is a refusal, the last, and the link is closed as its code says. */
    Answer.Failure assertRefusedAndClosed(ErrorCode code) throws Exception {
        Answer.Failure failure = assertRefused(code, client.typedAnswer());
        assertEquals(code.closes().orElseThrow(), client.closeCode());
        assertFalse(client.hasUnreadAnswers());
        return failure;
    }
}
