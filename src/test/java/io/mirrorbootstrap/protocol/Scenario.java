package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.protocol.TestChunk.crc;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;

/** One source that speaks to a sidecar, and what it may expect; run against the domain itself and over a real WebSocket. */
abstract class Scenario {

    Sidecar sidecar;
    Sidecar.Link link;
    /** A name of its own for each test: the service keeps its directory. */
    String database;

    abstract Sidecar sidecar();

    @BeforeEach
    void connect() throws Exception {
        sidecar = sidecar();
        link = sidecar.link();
        database = "db-" + UUID.randomUUID();
    }

    @AfterEach
    void disconnect() throws Exception {
        link.drop();
    }

    /** The chunk {@code from} to {@code to} of {@code whole} is sent, and it is taken. */
    void sendPending(byte[] whole, int from, int to) throws Exception {
        assertPending(to, link.send(TestChunk.part(whole, database, from, to)));
    }

    Path file(String suffix) {
        return sidecar.directory().resolve(database + suffix);
    }

    void assertPartialHas(int bytes) throws IOException {
        assertEquals(bytes, Files.size(file(".partial")));
    }

    void assertSnapshotIs(byte[] whole) throws IOException {
        assertArrayEquals(whole, Files.readAllBytes(file(".snapshot")));
    }

    static void assertPending(long bytesDone, Answer answer) {
        Answer.Pending pending = assertInstanceOf(Answer.Pending.class, answer);
        assertEquals(bytesDone, pending.bytesDone());
        assertTrue(pending.durableBytes() <= bytesDone, pending::toString);
    }

    /** @return for what else it says */
    Answer.Committed assertCommitted(byte[] whole, Answer answer) throws IOException {
        Answer.Committed committed = assertInstanceOf(Answer.Committed.class, answer);
        Crc32c crc = new Crc32c(crc(whole));
        assertEquals(new Answer.Committed(new DatabaseId(database), committed.lsn(), whole.length, crc,
                file(".snapshot").toString(), Optional.empty()), committed);
        assertSnapshotIs(whole);
        assertTrue(Files.readString(file(".manifest.json")).contains(crc.toString()));
        assertFalse(Files.exists(file(".partial")));
        assertEquals("following", sidecar.status(database));
        return committed;
    }

    void assertRefused(Refusal expected, Answer answer) {
        assertEquals(JsonMessages.answer(JsonMessages.write(
                new Answer.Refused(expected, Optional.of(new DatabaseId(database))))), answer);
    }

    void assertOpened(long offset, Answer answer) {
        Answer.Opened opened = assertInstanceOf(Answer.Opened.class, answer);
        assertEquals(new DatabaseId(database), opened.database());
        assertEquals(offset, opened.offset());
        assertTrue(opened.maxChunkBytes() > 0 && opened.windowBytes() > 0, opened::toString);
    }

    void assertNothingRemains() {
        for (String suffix : new String[]{".partial", ".snapshot", ".manifest.json"}) {
            assertFalse(Files.exists(file(suffix)), suffix);
        }
    }
}
