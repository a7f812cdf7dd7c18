package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;

/** What a program reads that collects logs: an object a line, whatever sources say and however often. */
class JsonLogIT extends WithSidecar {

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final String EVIL = "c\"},{\"message\":\"committed: \u2028";

    @Test
    void eachLineIsOneObjectWhateverSourcesSay() throws Exception {
        Path full = directory.resolve("full");
        Map<String, String> environment = Preloaded.disk("FULL_DISK_WHILE", full,
                "QUARKUS_LOG_CONSOLE_JSON_ENABLED", "true");
        start(environment);
        byte[] bytes = new byte[100];
        TestSnapshot snapshot = new TestSnapshot(new SnapshotIdentity(EVIL, new DatabaseId("orders"), 42, bytes.length,
                Crc32c.of(ByteBuffer.wrap(bytes))), bytes);
        RawClient source = new RawClient(sidecar.uri());
        for (int i = 0; i < 500; i++) {
            assertInstanceOf(Answer.Pending.class, snapshot.send(source, 0, 1)); // each begins again
        }
        Files.createFile(full);
        refused(ErrorCode.INSUFFICIENT_STORAGE, snapshot.send(source, 1, 2));
        assertEquals(143, sidecar.terminate());

        List<JsonNode> lines = lines();
        List<String> begun = messages(lines, "begun: ");
        assertTrue(begun.size() < 400 && begun.stream().anyMatch(line -> line.contains(" lines like this ")
                || line.contains("[of lines like this")), begun::toString);
        String name = snapshot.identity().transferId();
        assertTrue(begun.get(0)
                .startsWith("begun: database=orders cluster=\"c\\\"},{\\\"message\\\":\\\"committed: \\u2028\""
                        + " lsn=42 bytes=100 crc32c=" + snapshot.identity().totalCrc32c() + " transfer=" + name),
                begun.get(0));
        assertEquals(List.of(), messages(lines, "committed: "));
        JsonNode failure = lines.stream().filter(line -> line.path("message").asText().startsWith("refused: "))
                .findFirst().orElseThrow();
        assertEquals("ERROR", failure.path("level").asText());
        assertEquals("io.mirrorbootstrap.transfer", failure.path("loggerName").asText());
        assertTrue(failure.path("exception").path("frames").size() > 1, failure::toString);
    }

    private List<JsonNode> lines() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : sidecar.log().lines().toList()) {
            JsonNode read = JSON.readTree(line);
            assertTrue(read.isObject() && read.path("message").isTextual() && read.path("timestamp").isTextual(), line);
            lines.add(read);
        }
        return lines;
    }

    private static List<String> messages(List<JsonNode> lines, String beginning) {
        return lines.stream().map(line -> line.path("message").asText()).filter(line -> line.startsWith(beginning))
                .toList();
    }
}
