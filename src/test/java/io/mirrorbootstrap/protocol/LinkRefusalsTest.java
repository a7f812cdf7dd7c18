package io.mirrorbootstrap.protocol;

import static io.mirrorbootstrap.RandomBytes.random;
import static io.mirrorbootstrap.protocol.TestChunk.part;
import static io.mirrorbootstrap.protocol.TestChunk.Form.MAP_DATA_LAST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.test.junit.QuarkusTest;

/** Messages that cannot be read, or may not be sent: the source is told, and the link is closed. */
@QuarkusTest
class LinkRefusalsTest extends WithLink {

    @Test
    void bytesThatAreNoChunkCloseTheLink() throws Exception {
        client.binary(new byte[]{(byte) 0xC1, 2, 3}, 100);
        assertRefusedAndClosed(ErrorCode.MALFORMED_ENVELOPE);
    }

    @Test
    void aChunkThatEndsTooSoonClosesTheLinkAndLeavesNothing() throws Exception {
        byte[] message = TestChunk.of(random(100, 8), database).encode(MAP_DATA_LAST);
        client.frame(message, 0, message.length - 1, true);
        assertRefusedAndClosed(ErrorCode.MALFORMED_ENVELOPE);
        assertFalse(Files.exists(file(".partial")));
        try (var files = Files.list(directory.path())) {
            assertTrue(files.noneMatch(file -> file.getFileName().toString().startsWith("." + database)));
        }
    }

    @Test
    void aMalformedChunkDiscardsATransferThatWasNotOpened() throws Exception {
        assertPending(50, send(part(random(100, 9), database, 0, 50)));
        client.binary(new byte[0], 1);
        assertRefusedAndClosed(ErrorCode.MALFORMED_ENVELOPE);
        assertFalse(Files.exists(file(".partial")), "gone before the source hears of it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no json", "[]", "{}", "{\"type\":\"hello\"}", "{\"type\":\"open\"}",
            "{\"type\":\"abort\",\"type\":\"abort\",\"source_database_id\":\"x\"}",
            "{\"type\":\"abort\",\"source_database_id\":7}", "{\"type\":\"abort\",\"source_database_id\":\"x\"} x",
            "{\"type\":\"open\",\"source_cluster_id\":\"c\",\"source_database_id\":\"d\",\"snapshot_lsn\":-1,"
                    + "\"total_bytes\":0,\"total_crc32c\":0}",
            "{\"type\":\"open\",\"source_cluster_id\":\"c\",\"source_database_id\":\"d\",\"snapshot_lsn\":1,"
                    + "\"total_bytes\":9223372036854775808,\"total_crc32c\":0}"})
    void aControlMessageThatCannotBeReadClosesTheLink(String message) throws Exception {
        client.text(message);
        assertRefusedAndClosed(ErrorCode.MALFORMED_CONTROL);
    }

    @Test
    void anEndlessControlMessageClosesTheLink() throws Exception {
        for (int i = 0; i < 3; i++) {
            client.text(" ".repeat(30_000), false);
        }
        assertRefusedAndClosed(ErrorCode.MALFORMED_CONTROL);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "../etc/passwd", ".hidden", "-x", "a b", "a/b", "ä"})
    void aNameThatIsNoneClosesTheLink(String name) throws Exception {
        write(client, TestChunk.of(new byte[1], name));
        assertRefusedAndClosed(ErrorCode.INVALID_DATABASE_ID);
    }

    @Test
    void aPayloadOverTheLimitClosesTheLink() throws Exception {
        byte[] message = TestChunk.of(new byte[8 * MIB + 1], database).encode(MAP_DATA_LAST);
        client.frame(message, 0, 1000, false); // the length alone gives it away
        assertEquals(String.valueOf(8 * MIB),
                assertRefusedAndClosed(ErrorCode.CHUNK_TOO_LARGE).fields().get("limit"));
    }

    @Test
    void anErrorNamesTheDatabaseWhenTheWholeChunkCameInOneFrame() throws Exception {
        byte[] message = TestChunk.of(new byte[8 * MIB + 1], database).encode(MAP_DATA_LAST);
        client.frame(message, 0, message.length, true);
        assertEquals(Optional.of(database), assertRefusedAndClosed(ErrorCode.CHUNK_TOO_LARGE).database());
    }
}
