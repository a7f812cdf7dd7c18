package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.mirrorbootstrap.protocol.TestChunk.Form.ARRAY;
import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_FIRST;
import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_LAST;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.file.Files;
import java.util.List;
import java.util.UUID;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.quarkus.test.junit.QuarkusTest;

/** Messages are taken as they come: in pieces of any size, many at once, in order, up to the end of the link. */
@QuarkusTest
class LinkMessagesTest extends WithLink {

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 300, 1000})
    void aMessageMayComeInFramesOfAnySizeWithPingsBetween(int frameBytes) throws Exception {
        byte[] whole = random(2500, frameBytes);
        for (TestChunk.Form form : TestChunk.Form.values()) {
            String name = database + form;
            byte[] message = TestChunk.of(whole, name).encode(form);
            for (int at = 0; at < message.length; at += frameBytes) {
                int length = Math.min(frameBytes, message.length - at);
                client.frame(message, at, length, at + length == message.length);
                if (at / frameBytes % 100 == 1) {
                    client.ping();
                }
            }
            assertInstanceOf(Answer.Committed.class, client.typedAnswer(), form::name);
            assertArrayEquals(whole, Files.readAllBytes(directory.path().resolve(name + ".snapshot")));
        }
    }

    @Test
    void anEmptyLastFrameEndsAMessage() throws Exception {
        byte[] message = TestChunk.of(random(100, 1), database).encode(MAP_DATA_LAST);
        client.frame(message, 0, message.length, false);
        client.frame(message, 0, 0, true);
        assertCommitted(client.typedAnswer());
    }

    @Test
    void aWholeChunkMayComeInOneLargeFrame() throws Exception {
        byte[] message = TestChunk.of(random(8 * MIB, 2), database).encode(ARRAY);
        client.binary(message, message.length);
        assertCommitted(client.typedAnswer());
    }

    @ParameterizedTest
    @CsvSource({"20000, 1000", "20000, 5000", "307300, 307200", "100000, 16384", "4096, 4095", "50000, 1"})
    void payloadThatComesBeforeItIsKnownWhereItBelongsIsAllThere(int bytes, int frameBytes) throws Exception {
        byte[] whole = random(bytes, frameBytes);
        for (TestChunk.Form form : List.of(MAP_DATA_FIRST, MAP_DATA_LAST)) {
            client.binary(part(whole, database, 0, bytes / 3).encode(form), frameBytes);
            assertPending(bytes / 3, client.typedAnswer());
            client.binary(part(whole, database, bytes / 3, bytes).encode(form), frameBytes);
            assertInstanceOf(Answer.Committed.class, client.typedAnswer(), form::name);
            assertSnapshotIs(whole);
        }
    }

    @Test
    void answersComeInTheOrderOfTheQuestions() throws Exception {
        byte[] whole = random(300_000, 3);
        for (int i = 0; i < 300; i++) {
            write(client, part(whole, database, i * 1000, (i + 1) * 1000));
            if (i % 100 == 50) {
                client.text(JsonMessages.write(new Control.Abort(new DatabaseId(database + "-" + i))));
            }
        }
        for (int i = 0; i < 299; i++) {
            assertPending((i + 1) * 1000, client.typedAnswer());
            if (i % 100 == 50) {
                assertEquals(new Answer.Aborted(new DatabaseId(database + "-" + i)), client.typedAnswer());
            }
        }
        assertCommitted(client.typedAnswer());
    }

    @Test
    void whatCameBeforeACloseIsStillTaken() throws Exception {
        byte[] whole = random(4 * MIB, 4);
        for (int i = 0; i < 4; i++) {
            client.binary(part(whole, database, i * MIB, (i + 1) * MIB).encode(MAP_DATA_LAST), 256 * 1024);
        }
        client.close();
        Awaitility.await().until(() -> Files.exists(file(".snapshot")));
        assertSnapshotIs(whole);
    }

    @Test
    void aListenerThatFailsFailsNoTransfer() throws Exception {
        String name = FailingListener.PREFIX + UUID.randomUUID();
        byte[] whole = random(2 * MIB, 81);
        assertPending(MIB, send(part(whole, name, 0, MIB)));
        assertCommitted(send(part(whole, name, MIB, 2 * MIB)));
        given().get("/v1/mirrors/" + name).then().body("status", equalTo("following"));
    }
}
