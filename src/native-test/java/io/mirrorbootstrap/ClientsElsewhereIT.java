package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.ClientElsewhere.Ended;
import io.mirrorbootstrap.ClientElsewhere.Run;
import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** The sources of docs/examples, which share no code with this project: what the page about the protocol says is enough to write them. */
class ClientsElsewhereIT extends WithSidecar {

    private static final int REFUSED = 3;
    private static final int LINK = 4;
    private static final int AT_ONCE = 8;

    @TempDir
    static Path built;

    private TestSnapshot snapshot;
    private Path file;

    private void write(int bytes) throws Exception {
        snapshot = TestSnapshot.random("db", bytes);
        file = Files.write(directory.resolve("snapshot"), snapshot.bytes());
    }

    @ParameterizedTest
    @EnumSource
    void aFileIsCommittedOnceAndWhatIsRefusedIsSaid(ClientElsewhere client) throws Exception {
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
                .assertFailed(REFUSED, "401");
        String[] right = {"--ca", authority.file().toString(), "--token-file", tokenFile().toString(), "--lsn"};
        send(client, url, with(right, "42")).assertCommitted(size);
        assertArrayEquals(snapshot.bytes(), Files.readAllBytes(file("db.snapshot")));
        send(client, url, with(right, "42")).assertCommitted(0);
        send(client, url, with(right, "41")).assertFailed(REFUSED, "stale_snapshot");
        send(client, url, with(right, "41", "--replace")).assertCommitted(size);
    }

    @ParameterizedTest
    @EnumSource
    void aCutLinkIsGoneOnWithAndDamagedBytesAreSentAgain(ClientElsewhere client) throws Exception {
        write(12 * MIB);
        try (Relay relay = new Relay(1, 6 * MIB + MIB / 2)) {
            start();
            relay.leadTo(sidecar.uri());
            relay.damage(9 * MIB);
            Ended ended = send(client, relay.uri(), "--lsn", "42");
            assertEquals(0, ended.exit(), ended.err());
            assertArrayEquals(snapshot.bytes(), Files.readAllBytes(file("db.snapshot")));
            assertEquals(0, relay.cutsLeft(), "it was not cut");
            assertEquals(2, ended.pauses(), ended.err());
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
    void aSourceThatIsSupersededDoesNotFightForTheDatabase(ClientElsewhere client) throws Exception {
        write(12 * MIB);
        start(Map.of("MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", "2M"));
        Run run = begin(client, sidecar.uri(), "--lsn", "42");
        patiently().until(() -> sidecar.bytesDone("db") > 0);
        RawClient other = new RawClient(sidecar.uri());
        TestSnapshot later = TestSnapshot.of("db", 43, new byte[]{1, 2, 3});
        other.text(JsonMessages.write(
                new Control.Open(new Announcement(later.identity(), true, Announcement.of(later.identity()).notes()))));
        TestSnapshot.opened(TestSnapshot.answer(other));
        run.end().assertFailed(REFUSED, "superseded");
        later.committed(other);
    }

    /** A sidecar that says so on the first link, and on the next that the snapshot is there. */
    @ParameterizedTest
    @EnumSource
    void whatHealsIsComeBackForAndWhatDoesNotIsSaid(ClientElsewhere client) throws Exception {
        write(5);
        List<String> command = client.command(built);
        Deque<ScriptedFault> left = new ArrayDeque<>(ScriptedFault.all());
        while (!left.isEmpty()) {
            Map<ScriptedFault, ClientElsewhere.Run> runs = new LinkedHashMap<>();
            try {
                while (runs.size() < AT_ONCE && !left.isEmpty()) {
                    ScriptedFault fault = left.remove();
                    Path own = Files.createDirectory(directory.resolve(fault.toString()));
                    runs.put(fault, ClientElsewhere.begin(command, own, fault.uri(), file));
                }
                for (Map.Entry<ScriptedFault, ClientElsewhere.Run> run : runs.entrySet()) {
                    run.getKey().assertJudged(run.getValue().end());
                }
            } finally {
                for (Map.Entry<ScriptedFault, ClientElsewhere.Run> run : runs.entrySet()) {
                    run.getValue().process().destroyForcibly();
                    run.getKey().close();
                }
            }
        }
    }

    private Ended send(ClientElsewhere client, URI url, String... more) throws Exception {
        return begin(client, url, more).end();
    }

    private Run begin(ClientElsewhere client, URI url, String... more) throws Exception {
        return ClientElsewhere.begin(client.command(built), directory, url, file, more);
    }

    private static String[] with(String[] some, String... more) {
        String[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }
}
