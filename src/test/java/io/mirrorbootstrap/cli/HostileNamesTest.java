package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.source.ScriptedSidecar;

/** Names that somebody else has given, as a pattern of a shell finds them: what is said of them is one line each, and moves no cursor. */
@Timeout(60)
class HostileNamesTest extends WithCommandLine {

    private static final String EVIL = "\u001b[31m\nmirror-bootstrap: committed\t\u202eгрöße" + "x".repeat(200);
    private static final String SHOWN = "\\u001b[31m\\nmirror-bootstrap: committed\\t\\u202eгрöße" + "x".repeat(200);

    @TempDir
    Path directory;

    @Test
    void whatIsMissing() {
        assertSaid(2, "FILE " + path(SHOWN) + " cannot be opened: there is no such file",
                "checksum", path(EVIL));
        assertSaid(2, "FILE " + path(SHOWN) + " cannot be opened: there is no such file", send(path(EVIL)));
        assertSaid(2, "there is no program " + SHOWN, send("--", EVIL));
        assertSaid(2, "--token-file: " + path(SHOWN) + " cannot be read: there is no such file",
                send(path(EVIL), "--token-file", path(EVIL)));
    }

    @Test
    void whatIsNoFile() throws IOException {
        Files.createDirectory(Path.of(path(EVIL)));
        assertSaid(2, "FILE " + path(SHOWN) + " is a directory", "checksum", path(EVIL));
        assertSaid(2, "FILE " + path(SHOWN) + " is a directory: --tar sends one", send(path(EVIL)));
        assertSaid(2, "--unless is '" + path(SHOWN) + "', it must name a file, which a directory is not",
                "wait", "--database", "d", "--unless", path(EVIL));
    }

    @Test
    void whatIsThere() throws Exception {
        Files.createFile(Path.of(path(EVIL)));
        assertEquals(0, run("wait", "--database", "d", "--unless", path(EVIL)));
        assertEquals(path(SHOWN) + " is there: nothing to wait for", err.toString().strip());
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
        })) {
            assertSaid(2,
                    path(SHOWN)
                            + " is empty, which is no snapshot. Nothing was sent (--allow-empty sends it all the same)",
                    send(path(EVIL), "--url", sidecar.endpoint("/v1/bootstrap").toString()));
        }
    }

    @Test
    void whatIsUnderstoodByNobody() {
        assertSaid(2, "Unknown option: '--" + SHOWN + "'", "checksum", "--" + EVIL, "file");
    }

    private String path(String name) {
        return directory + "/" + name;
    }

    private static String[] send(String... arguments) {
        Stream<String> options = Stream.of("send", "--cluster", "c", "--database", "d", "--give-up-after", "0");
        Stream<String> url = List.of(arguments).contains("--url")
                ? Stream.empty()
                : Stream.of("--url", "http://127.0.0.1:1");
        return Stream.of(options, url, Stream.of(arguments)).flatMap(each -> each).toArray(String[]::new);
    }

    private void assertSaid(int code, String sentence, String... line) {
        assertEquals(code, run(line), err::toString);
        List<String> said = err.toString().lines().toList();
        assertTrue(said.contains("mirror-bootstrap: " + sentence), said::toString);
        assertTrue(err.toString().chars().allMatch(c -> c == '\n' || c == '\r' || c >= ' ' && c != '\u202e'),
                said::toString);
        assertEquals("", out.toString());
    }
}
