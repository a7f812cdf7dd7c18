package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.FreePort;
import io.mirrorbootstrap.source.SnapshotSender;

class CommandLineTest extends WithCommandLine {

    @TempDir
    Path directory;

    private Path snapshot;

    @BeforeEach
    void snapshot() throws IOException {
        snapshot = Files.writeString(directory.resolve("snapshot"), "some bytes");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"--url|mirror:8080|http://", "--url|ftp://mirror|http://",
            "--url|http://|not a URL", "--url|http://mirror:70000|65535", "--database|.hidden|letter, digit",
            "--database|a/b|letter, digit", "--lsn|-1|no LSN", "--lsn|1/G|no LSN", "--lsn|9223372036854775808|no LSN"})
    void aWrongValueIsNamedWithItsOptionAndTheRule(String option, String value, String rule) {
        String[] line = {"send", snapshot.toString(), "--url", "http://localhost:1", "--cluster", "c", "--database",
                "d",
                "--lsn", "1"};
        for (int i = 0; i < line.length; i++) {
            if (line[i].equals(option)) {
                line[i + 1] = value;
            }
        }
        assertEquals(2, run(line));
        assertTrue(err.toString().contains(option) && err.toString().contains(rule), err::toString);
        assertTrue(err.toString().contains("Try 'mirror-bootstrap send --help'"), err::toString);
        assertEquals("", out.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--url", "--cluster", "--database"})
    void whereToAndOfWhatIsRequired(String missing) {
        String[] options = {"--url", "http://localhost:1", "--cluster", "c", "--database", "d"};
        String[] line = {"send", snapshot.toString(), "", "", "", ""};
        int at = 2;
        for (int i = 0; i < options.length; i += 2) {
            if (!options[i].equals(missing)) {
                line[at++] = options[i];
                line[at++] = options[i + 1];
            }
        }
        assertEquals(2, run(line));
        assertTrue(err.toString().contains(missing), err::toString);
    }

    @Test
    void aFileThatIsNotThereIsAUsageError() {
        assertEquals(2, send(directory.resolve("none"), 1));
        assertTrue(err.toString().contains("there is no such file"), err::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0x1234567", "12345678", "0x1234567g"})
    void aCrcThatIsNoneIsAUsageError(String crc) {
        assertEquals(2, run("send", snapshot.toString(), "--url", "http://127.0.0.1:1", "--cluster", "c", "--database",
                "d", "--lsn", "1", "--crc32c", crc));
        assertTrue(err.toString().contains(crc) && err.toString().contains("8 hex digits"), err::toString);
    }

    @ParameterizedTest
    @CsvSource({"1048575, at least 1M", "1K, at least 1M", "64Q, no size", "-1, no size", "1.5G, no size",
            "9999999999G, no size", "'', no size"})
    void aReplayBufferThatCannotBeIsAUsageError(String size, String rule) {
        assertEquals(2, run("send", snapshot.toString(), "--url", "http://127.0.0.1:1", "--cluster", "c", "--database",
                "d", "--replay-buffer=" + size));
        assertTrue(err.toString().contains("--replay-buffer") && err.toString().contains(rule), err::toString);
    }

    @Test
    void sizesAreAsInTheConfiguration() {
        assertEquals(SnapshotSender.DEFAULT_REPLAY_BYTES, MemoryBytes.parse("80M").bytes());
        assertEquals(2L << 30, MemoryBytes.parse("2g").bytes());
        assertEquals(1_048_576, MemoryBytes.parse("1048576").bytes());
        assertEquals(0, run("send", "--help"));
        assertTrue(out.toString().replaceAll("\\s+", " ").contains("A file needs none. Default: 80M, or what fits."),
                out::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"--url http://Mirror:1 --url ws://mirror:1/v1/bootstrap|twice",
            "--url-file no-such-file|no-such-file",
            "--url-file /dev/zero|--url-file: /dev/zero has more than 262144 bytes",
            "--url http://a:1 --url http://b:1 --lag-limit 9300000000|--lag-limit is 9300000000, it must be from 0 to 86400",
            "--url http://no-such-host.invalid:1 --every-address|no address"})
    void whichSidecarsAreMeantIsKnownBeforeOneIsSentTo(String targets, String message) {
        assertEquals(2, run(("send " + snapshot + " --cluster c --database d --lsn 1 " + targets).split(" ")));
        assertTrue(err.toString().contains(message), err::toString);
    }

    @Test
    void aSidecarThatHasAnAddressOfEachFamilyIsOne() throws IOException {
        List<InetAddress> all = new ArrayList<>();
        for (String address : List.of("10.0.0.1", "fd00::1", "10.0.0.2", "fd00::2")) {
            all.add(InetAddress.getByName(address));
        }
        assertEquals(List.of(all.get(0), all.get(2)), Targets.ofOneFamily(all));
        assertEquals(List.of(all.get(1), all.get(3)), Targets.ofOneFamily(all.subList(1, 4)));
        assertEquals(List.of(all.get(1)), Targets.ofOneFamily(all.subList(1, 3)));
    }

    @Test
    void sidecarsInAFileAndInTheEnvironmentAreEachSentTo() throws IOException {
        int[] ports = {FreePort.take(), FreePort.take(), FreePort.take()};
        Path file = Files.writeString(directory.resolve("urls"),
                "# the mirrors\n\n http://127.0.0.1:" + ports[2] + "\n");
        environment.put("MIRROR_BOOTSTRAP_URL", "http://127.0.0.1:" + ports[0] + " http://127.0.0.1:" + ports[1]);
        assertEquals(4, run("send", snapshot.toString(), "--url-file", file.toString(), "--cluster", "c", "--database",
                "d", "--lsn", "1", "--give-up-after", "0"));
        for (int port : ports) {
            String start = "mirror-bootstrap: mirror=127.0.0.1:" + port + ": ws://127.0.0.1:" + port;
            assertEquals(1, err.toString().lines().filter(line -> line.startsWith(start)).count(), err::toString);
        }
    }

    @Test
    void theCrcOfAStreamIsNotToldInAdvance() {
        assertEquals(2, run("send", "-", "--url", "http://127.0.0.1:1", "--cluster", "c", "--database", "d", "--lsn",
                "1", "--crc32c", "0x12345678"));
        assertTrue(err.toString().contains("--crc32c is for a file"), err::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"--|followed by a command", "base.tar -- true|both", "|FILE, or -- COMMAND",
            "--crc32c 0x12345678 -- true|--crc32c is for a file", "-- no-such-program|no-such-program"})
    void aSnapshotComesFromOneFileOrOneCommand(String input, String message) {
        String line = "send --url http://127.0.0.1:1 --cluster c --database d --lsn 1 " + (input == null ? "" : input);
        assertEquals(2, run(line.split(" ")));
        assertTrue(err.toString().contains(message), err::toString);
    }

    @Test
    void whatStandsBehindTheDashesIsNoOption() throws IOException {
        assertEquals(4, run("send", "--url", "http://127.0.0.1:" + FreePort.take(), "--cluster", "c", "--database", "d",
                "--lsn", "1", "--give-up-after", "0", "--", "true", "--help", "@no-such-file", "--url"));
        assertTrue(err.toString().contains("cannot be reached"), err::toString);
    }

    @Test
    void aDirectoryIsNoFile() {
        assertEquals(2, send(directory, 1));
        assertTrue(err.toString().contains("is a directory"), err::toString);
    }

    @Test
    void nobodyListeningIsALinkError() throws IOException {
        assertEquals(4, send(snapshot, FreePort.take()));
        assertTrue(err.toString().contains("cannot be reached"), err::toString);
        assertEquals("", out.toString());
    }

    @Test
    void aPortOutOfRangeStartsNothing() {
        assertEquals(2, run("serve", "--port", "65536"));
        assertTrue(err.toString().contains("from 0 to 65535"), err::toString);
    }

    @Test
    void withoutACommandItSaysWhichThereAre() {
        assertEquals(0, run());
        assertTrue(out.toString().startsWith("Usage: mirror-bootstrap "), out::toString);
        assertTrue(out.toString().contains("serve  ") && out.toString().contains("send  "), out::toString);
        assertEquals("", err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jvm", "native-micro", "native-multistage"})
    void anImageServesUnlessItIsToldAnotherCommand(String image) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("src/main/docker/Dockerfile." + image));
        assertTrue(lines.stream().anyMatch(line -> line.matches("ENTRYPOINT \\[\".*mirror-bootstrap\"]")), image);
        assertTrue(lines.contains("CMD [\"serve\"]"), image);
    }

    @Test
    void anUnknownCommandIsAUsageError() {
        assertEquals(2, run("sendd"));
    }

    @Test
    void theHelpListsEveryExitCode() {
        assertExitCodes("send", EnumSet.complementOf(EnumSet.of(ExitCode.REMAINS)));
        assertExitCodes("wait", EnumSet.complementOf(EnumSet.of(ExitCode.INPUT)));
    }

    private void assertExitCodes(String command, Set<ExitCode> its) {
        assertEquals(0, run(command, "--help"));
        for (ExitCode code : ExitCode.values()) {
            assertEquals(its.contains(code), out.toString().contains("\n  " + code.number() + "   "),
                    code + " in " + out);
        }
    }

    @Test
    void theVersionNamesTheProtocol() {
        assertEquals(0, run("--version"));
        assertTrue(out.toString().startsWith("mirror-bootstrap "), out::toString);
        assertTrue(out.toString().contains("mirror-bootstrap.v1"), out::toString);
    }

    private int send(Path file, int port) {
        return run("send", file.toString(), "--url", "http://127.0.0.1:" + port, "--cluster", "c", "--database", "d",
                "--lsn", "1", "--give-up-after", "0");
    }
}
