package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_FIRST;
import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_LAST;
import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.test.junit.QuarkusTest;

/** A link dies in the middle of a chunk, or another takes its transfer over. */
@QuarkusTest
class LinkTakeoverTest extends WithLink {

    private final byte[] whole = random(5000, 6);
    private RawClient second;

    @BeforeEach
    void connectTheSecond() throws Exception {
        second = new RawClient(service);
    }

    @AfterEach
    void cutTheSecond() {
        second.cut();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChunkThatADyingLinkCutsShortLeavesNoByte(boolean dataFirst) throws Exception {
        open(whole);
        assertPending(1000, send(part(whole, database, 0, 1000)));
        byte[] message = part(whole, database, 1000, 5000).encode(dataFirst ? MAP_DATA_FIRST : MAP_DATA_LAST);
        client.frame(message, 0, message.length - 100, false);
        client.cut();

        Awaitility.await().untilAsserted(
                () -> given().get("/v1/mirrors/" + database).then().body("status", equalTo("disconnected")));
        assertEquals(1000, Files.size(file(".partial")));
    }

    @Test
    void aSecondLinkThatOpensTakesOver() throws Exception {
        open(whole);
        assertPending(1000, send(part(whole, database, 0, 1000)));
        byte[] message = part(whole, database, 1000, 3000).encode(MAP_DATA_LAST);
        client.frame(message, 0, 1500, false);

        assertEquals(1000, open(second, whole).offset());
        assertRefusedAndClosed(ErrorCode.SUPERSEDED);
        assertCommitted(send(second, part(whole, database, 1000, 5000)));
        assertSnapshotIs(whole);
    }

    @Test
    void aSecondLinkThatSendsOffsetZeroTakesOver() throws Exception {
        assertPending(1000, send(part(whole, database, 0, 1000)));

        assertRefused(ErrorCode.SNAPSHOT_OFFSET_REGRESSION, send(second, part(whole, database, 1000, 5000)));
        assertPending(2000, send(second, part(whole, database, 0, 2000)));
        assertRefusedAndClosed(ErrorCode.SUPERSEDED);
        assertCommitted(send(second, part(whole, database, 2000, 5000)));
    }
}
