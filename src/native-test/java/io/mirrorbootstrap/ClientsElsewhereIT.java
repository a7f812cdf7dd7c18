package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * The sources of docs/examples, which share no code with this project: what the page about the protocol says is enough to write them.
 * One whose language is not installed is not tried, and that is said.
 */
class ClientsElsewhereIT extends WithSidecar {

    private static final Path EXAMPLES = Path.of("docs", "examples");
    private static final int REFUSED = 3;
    private static final int LINK = 4;

    @TempDir
    static Path built;

    /** A source, by its language. */
    enum Client {
        PYTHON("python3") {
            @Override
            List<String> line() {
                return List.of("python3", EXAMPLES.resolve("send.py").toString());
            }
        },
        GO("go") {
            @Override
            List<String> line() throws Exception {
                return List.of(builtGo().toString());
            }
        },
        NODE("node") {
            @Override
            List<String> line() {
                return List.of("node", EXAMPLES.resolve("send.mjs").toString());
            }
        };

        private final String program;

        Client(String program) {
            this.program = program;
        }

        abstract List<String> line() throws Exception;

        private boolean isInstalled() {
            return Programs.isInstalled(program);
        }
    }

    /** How a program has ended, and what it has said. */
    private record Ended(int exit, String out, String err) {

        void assertCommitted(int bytesSent) {
            assertEquals(0, exit, err);
            assertTrue(out.endsWith(" (" + bytesSent + " bytes sent)\n"), out);
        }

        void assertFailed(int expected, String word) {
            assertEquals(expected, exit, err);
            assertTrue(err.contains(word), err);
        }
    }

    private TestSnapshot snapshot;
    private Path file;

    private void write(int bytes) throws Exception {
        snapshot = TestSnapshot.random("db", bytes);
        file = Files.write(directory.resolve("snapshot"), snapshot.bytes());
    }

    @ParameterizedTest
    @EnumSource
    void aFileIsCommittedOnceAndWhatIsRefusedIsSaid(Client client) throws Exception {
        int size = 3 * MIB + 5;
        write(size);
        TestAuthority authority = new TestAuthority(directory, "authority");
        TestAuthority another = new TestAuthority(directory, "another");
        start(authority.serviceWithoutTrust(), tokens("secret"));
        Path wrong = Files.writeString(directory.resolve("wrong"), "not it\n");
        URI url = sidecar.secureUri();

        send(client, url, "--lsn", "42", "--ca", another.file().toString(), "--token-file", tokenFile().toString())
                .assertFailed(LINK, "TLS");
        send(client, url, "--lsn", "42", "--ca", authority.file().toString(), "--token-file", wrong.toString())
                .assertFailed(REFUSED, "unauthorized");
        String[] right = {"--ca", authority.file().toString(), "--token-file", tokenFile().toString(), "--lsn"};
        send(client, url, with(right, "42")).assertCommitted(size);
        assertArrayEquals(snapshot.bytes(), Files.readAllBytes(file("db.snapshot")));
        send(client, url, with(right, "42")).assertCommitted(0);
        send(client, url, with(right, "41")).assertFailed(REFUSED, "stale_snapshot");
        send(client, url, with(right, "41", "--replace")).assertCommitted(size);
    }

    @ParameterizedTest
    @EnumSource
    void aCutLinkIsGoneOnWithAndDamagedBytesAreSentAgain(Client client) throws Exception {
        write(12 * MIB);
        try (Relay relay = new Relay(1, 6 * MIB + MIB / 2)) {
            start();
            relay.leadTo(sidecar.uri());
            relay.damage(9 * MIB);
            Ended ended = send(client, relay.uri(), "--lsn", "42");
            assertEquals(0, ended.exit(), ended.err());
            assertArrayEquals(snapshot.bytes(), Files.readAllBytes(file("db.snapshot")));
            assertEquals(0, relay.cutsLeft(), "it was not cut");
            assertEquals(2, ended.err().lines().filter(line -> line.contains(": again in ")).count(), ended.err());
            assertTrue(ended.err().contains("chunk_crc_mismatch"), ended.err());
            assertLogged("committed: ");
            List<String> begun = sidecar.logged("begun: ");
            assertEquals(3, begun.size(), begun::toString);
            assertEquals(1, begun.stream().filter(line -> line.contains(" from byte 0,")).count(), begun::toString);
        }
    }

    /** It is writing when it is told: what it has not read yet says that it is not to come back. */
    @ParameterizedTest
    @EnumSource
    void aSourceThatIsSupersededDoesNotFightForTheDatabase(Client client) throws Exception {
        write(12 * MIB);
        start(Map.of("MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", "2M"));
        Process process = begin(client, sidecar.uri(), "--lsn", "42");
        patiently().until(() -> sidecar.bytesDone("db") > 0);
        RawClient other = new RawClient(sidecar.uri());
        TestSnapshot later = TestSnapshot.of("db", 43, new byte[]{1, 2, 3});
        other.text(JsonMessages.write(
                new Control.Open(new Announcement(later.identity(), true, Announcement.of(later.identity()).notes()))));
        TestSnapshot.opened(TestSnapshot.answer(other));
        end(process).assertFailed(REFUSED, "superseded");
        later.committed(other);
    }

    private Ended send(Client client, URI url, String... more) throws Exception {
        return end(begin(client, url, more));
    }

    private Process begin(Client client, URI url, String... more) throws Exception {
        if (!client.isInstalled()) {
            Assumptions.abort(client.program + " is not installed here: NOT TRIED");
        }
        List<String> line = new ArrayList<>(client.line());
        line.addAll(List.of("--url", url.toString(), "--cluster", "cluster", "--database", "db"));
        line.addAll(List.of(more));
        line.add(file.toString());
        return new ProcessBuilder(line).redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile()).start();
    }

    private Ended end(Process process) throws Exception {
        try {
            assertTrue(process.waitFor(2, TimeUnit.MINUTES), "it does not end");
        } finally {
            process.destroyForcibly();
        }
        return new Ended(process.exitValue(), Files.readString(directory.resolve("out")),
                Files.readString(directory.resolve("err")));
    }

    private static String[] with(String[] some, String... more) {
        String[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }

    /** {@code go run} would compile it for each test. */
    private static Path builtGo() throws Exception {
        Path program = built.resolve("send");
        if (!Files.exists(program)) {
            ProcessBuilder build = new ProcessBuilder("go", "build", "-o", program.toString(),
                    EXAMPLES.resolve("send.go").toString()).inheritIO();
            build.environment().putAll(Map.of("GOCACHE", built.resolve("cache").toString(), "GOPATH",
                    built.resolve("path").toString(), "CGO_ENABLED", "0"));
            assertEquals(0, build.start().waitFor(), "go build");
        }
        return program;
    }
}
