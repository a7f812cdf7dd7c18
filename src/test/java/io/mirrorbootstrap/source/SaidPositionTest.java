package io.mirrorbootstrap.source;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** A file of positions has the last word, also of a snapshot that is committed already. */
@QuarkusTest
class SaidPositionTest {

    @TestHTTPResource
    URI service;

    @TempDir
    Path directory;

    private Path snapshot;
    private Path info;
    private DatabaseId database;

    @BeforeEach
    void files() throws Exception {
        snapshot = directory.resolve("snapshot");
        info = directory.resolve("info");
        database = new DatabaseId("said-" + System.nanoTime());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsThereAlreadyTakesThePositionOfTheFile(boolean isCrcKnown) throws Exception {
        Files.writeString(snapshot, "the snapshot");
        assertSent(Optional.empty(), isCrcKnown, 12);
        assertPosition(null);
        assertSent(Optional.of("binlog.000007:4242"), isCrcKnown, 0);
        assertPosition("binlog.000007:4242");
        assertSent(Optional.of("binlog.000009:1"), isCrcKnown, 0);
        assertPosition("binlog.000009:1");
    }

    @Test
    void whereTheFileIsNotThereItIsSaid() throws Exception {
        Files.writeString(snapshot, "the snapshot");
        assertSent(Optional.empty(), false, 12);
        Outcome failed = send(Optional.of(new PositionFile(directory.resolve("none"))), false);
        assertInstanceOf(Outcome.InputFailed.class, failed, failed::message);
        assertTrue(failed.message().contains("there is no such file"), failed::message);
        assertPosition(null);
    }

    @Test
    void thePositionInTheHeadOfTheSnapshotDoesNotTakeItsPlace() throws Exception {
        byte[] label = SnapshotHeadTest.tar("backup_label", SnapshotHeadTest.LABEL);
        Files.write(snapshot, label);
        assertSent(Optional.of("slot=mirror1"), false, label.length);
        assertPosition("slot=mirror1");
        assertSent(Optional.of("slot=mirror1"), false, 0);
        assertPosition("slot=mirror1");
    }

    private void assertSent(Optional<String> position, boolean isCrcKnown, long bytesSent) throws Exception {
        Optional<PositionFile> file = Optional.empty();
        if (position.isPresent()) {
            Files.writeString(info, position.get(), StandardCharsets.UTF_8);
            file = Optional.of(new PositionFile(info));
        }
        Outcome outcome = send(file, isCrcKnown);
        assertEquals(bytesSent, assertInstanceOf(Outcome.Committed.class, outcome, outcome::message).bytesSent());
    }

    private Outcome send(Optional<PositionFile> file, boolean isCrcKnown) throws Exception {
        Origin origin = new Origin("c", database, OptionalLong.empty(), false, new Notes(Optional.empty(), Map.of()),
                file);
        try (FileInput input = isCrcKnown
                ? new FileInput(snapshot, Optional.of(Crc32c.of(ByteBuffer.wrap(Files.readAllBytes(snapshot)))))
                : new FileInput(snapshot);
                SnapshotSender sender = new SnapshotSender(Endpoint.parse(service.toString()), Credentials.NONE)) {
            return sender.send(input, origin, (phase, done, total) -> {
            });
        }
    }

    private void assertPosition(String position) {
        given().get("/v1/mirrors/" + database).then().statusCode(200).body("position", equalTo(position));
    }
}
