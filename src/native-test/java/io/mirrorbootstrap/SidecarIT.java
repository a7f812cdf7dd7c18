package io.mirrorbootstrap;

import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasKey;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.restassured.RestAssured;
import io.restassured.specification.RequestSpecification;

/** The packaged service, jar or native executable: everything that reflection or a missing resource could break. */
class SidecarIT extends WithSidecar {

    private static final int MIB = 1024 * 1024;

    @BeforeEach
    void serve() throws IOException {
        start();
    }

    @Test
    void aSnapshotIsReceivedAndShown() throws Exception {
        byte[] whole = new byte[4 * MIB];
        new Random(1).nextBytes(whole);
        Crc32c crc = Crc32c.of(ByteBuffer.wrap(whole));
        SnapshotIdentity identity = new SnapshotIdentity("cluster-a", new DatabaseId("orders"), 42, whole.length, crc);
        RawClient client = new RawClient(sidecar.uri());

        client.text(JsonMessages.write(new Control.Open(Announcement.of(identity))));
        assertEquals("opened", client.answer().path("type").asText());
        for (int at = 0; at < whole.length; at += MIB) {
            byte[] head = ChunkEncoder.head(identity, at, MIB, Crc32c.of(ByteBuffer.wrap(whole, at, MIB)),
                    at + MIB == whole.length);
            client.binary(ByteBuffer.allocate(head.length + MIB).put(head).put(whole, at, MIB).array(), 256 * 1024);
        }
        for (int at = MIB; at < whole.length; at += MIB) {
            assertEquals(at, client.answer().path("bytes_done").asLong());
        }
        JsonNode committed = client.answer();
        client.cut();

        assertEquals("committed", committed.path("type").asText(), committed::toString);
        assertArrayEquals(whole, Files.readAllBytes(Path.of(committed.path("snapshot_path").asText())));
        given().get("/v1/mirrors/orders").then().statusCode(200).body("status", equalTo("following"))
                .body("snapshot_lsn", equalTo(42)).body("crc32c", equalTo(crc.toString()));
        given().get("/v1/mirrors").then().statusCode(200).body("source_database_id", hasItem("orders"));
        given().get("/q/metrics").then().statusCode(200)
                .body(containsString("mirror_bootstrap_transfers_total{outcome=\"committed\"}"))
                .body(containsString("mirror_bootstrap_buffered_bytes"));
    }

    @Test
    void messagesThatCannotBeReadAreAnswered() throws Exception {
        RawClient client = new RawClient(sidecar.uri());
        client.binary(new byte[]{(byte) 0x93, 1, 2, 3}, 10);
        assertEquals("malformed_envelope", client.answer().path("code").asText());
        assertEquals(1007, client.closeCode());
    }

    @Test
    void probesAnswer() {
        for (String probe : new String[]{"live", "ready", "started"}) {
            given().get("/q/health/" + probe).then().statusCode(200).body("status", equalTo("UP"));
        }
    }

    @Test
    void theApiIsDescribed() {
        given().get("/q/openapi?format=json").then().statusCode(200).body("paths", hasKey("/v1/mirrors"))
                .body("components.schemas", hasKey("Mirror"));
    }

    @Test
    void whatIsUnknownIsNotFound() {
        given().get("/v1/mirrors/nobody").then().statusCode(404).body("code", equalTo("not_found"));
    }

    private RequestSpecification given() {
        return RestAssured.given().baseUri(sidecar.uri().toString());
    }
}
