package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.source.RawServer;
import io.mirrorbootstrap.source.ScriptedSidecar;

/** What {@code send} tells a sidecar, and what it tells of it. */
@Timeout(60)
class SendCommandTest extends WithCommandLine {

    @TempDir
    Path directory;

    private final Queue<String> opened = new ConcurrentLinkedQueue<>();

    @Test
    void whatIsSaidOfASnapshotIsToldWithTheFirstMessage() throws Exception {
        assertEquals(0, send("\"snapshot_lsn\":97500059720,\"position\":\"16/B374D848\"", "--lsn=16/B374D848",
                "--label=app=shop", "--replace"), err::toString);
        String open = opened.element();
        assertTrue(open.contains("\"snapshot_lsn\":97500059720,"), open);
        assertTrue(open.contains("\"position\":\"16/B374D848\""), open);
        assertTrue(open.contains("\"labels\":{\"app\":\"shop\"}"), open);
        assertTrue(open.contains("\"replace\":true"), open);
        assertTrue(out.toString().startsWith("committed /there/d.snapshot: 1 bytes, CRC-32C 0x527d5351, "
                + "LSN 16/B374D848 = 97500059720 ("), out::toString);
    }

    @Test
    void whatIsNotSaidIsNotTold() throws Exception {
        assertEquals(0, send("\"snapshot_lsn\":0"), err::toString);
        String open = opened.element();
        assertTrue(open.contains("\"snapshot_lsn\":0,"), open);
        assertFalse(open.matches(".*\"(position|labels|replace)\".*"), open);
        assertTrue(out.toString().contains(", LSN 0 ("), out::toString);
    }

    @Test
    void aUrlThatCannotBeReadIsTold() throws Exception {
        try (RawServer storage = RawServer.of("404 Not Found", "")) {
            String url = storage.url() + "/base.tar";
            assertEquals(2,
                    run("send", url + "?key=secret", "--url", storage.url(), "--cluster", "c", "--database", "d"));
            assertTrue(err.toString().contains("FILE " + url + "?… cannot be opened: HTTP 404"), err::toString);
            assertFalse(err.toString().contains("secret"), err::toString);
            assertEquals(2,
                    run("send", url, "--url", storage.url(), "--cluster", "c", "--database", "d", "--header-file",
                            directory.resolve("none").toString()));
            assertTrue(err.toString().contains("none cannot be read: there is no such file"), err::toString);
        }
    }

    @Test
    void headersAreForAUrl() throws Exception {
        assertEquals(2, send("\"snapshot_lsn\":0", "--header-file=headers"));
        assertTrue(err.toString().contains("--header-file and --source-ca are for a FILE that is a URL"),
                err::toString);
    }

    /** @param committed what the sidecar says of the LSN of the snapshot, which it has already */
    private int send(String committed, String... options) throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(open -> {
            opened.add(open);
            link.writeTextMessage("{\"type\":\"committed\",\"source_database_id\":\"d\"," + committed
                    + ",\"bytes\":1,\"crc32c\":\"0x527d5351\",\"snapshot_path\":\"/there/d.snapshot\"}");
        }))) {
            return run(Stream.concat(Stream.of("send", file.toString(), "--url",
                    sidecar.endpoint("/v1/bootstrap").toString(), "--cluster", "c", "--database", "d",
                    "--give-up-after", "0"), Stream.of(options)).toArray(String[]::new));
        }
    }
}
