package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.mirror.SettingsKeys;
import io.mirrorbootstrap.source.RawServer;

/** What stands in the environment in place of an option. */
@Timeout(60)
class EnvironmentDefaultsTest extends WithCommandLine {

    @TempDir
    Path directory;

    private Path token;
    private Path file;

    @BeforeEach
    void files() throws IOException {
        token = Files.writeString(directory.resolve("token"), "of-the-environment\n");
        file = Files.writeString(directory.resolve("file"), "x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"send", "wait", "status", "rm"})
    void aVariableStandsInForAnOption(String command) throws Exception {
        try (RawServer server = refusing()) {
            environment.put("MIRROR_BOOTSTRAP_URL", server.url());
            environment.put("MIRROR_BOOTSTRAP_TOKEN_FILE", token.toString());
            assertEquals(3, run(line(command)), err::toString);
            assertShown("of-the-environment", server);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"send", "wait", "status", "rm"})
    void anOptionWins(String command) throws Exception {
        Path other = Files.writeString(directory.resolve("other"), "of-the-option\n");
        environment.put("MIRROR_BOOTSTRAP_URL", "no URL at all");
        environment.put("MIRROR_BOOTSTRAP_TOKEN_FILE", token.toString());
        try (RawServer server = refusing()) {
            assertEquals(3, run(line(command, "--url", server.url(), "--token-file=" + other)), err::toString);
            assertShown("of-the-option", server);
        }
    }

    @Test
    void anEmptyOneCountsAsAbsent() throws Exception {
        SettingsKeys.OF_CLIENTS.forEach(variable -> environment.put(variable, ""));
        try (RawServer server = refusing()) {
            assertEquals(3, run(line("wait", "--url", server.url())), err::toString);
            assertShown("", server);
        }
        assertEquals(2, run(line("send")));
        assertTrue(err.toString().contains("--url"), err::toString);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "MIRROR_BOOTSTRAP_URL|mirror:8080|must begin with http://",
            "MIRROR_BOOTSTRAP_TOKEN_FILE|/none|--token-file: /none cannot be read: there is no such file",
            "MIRROR_BOOTSTRAP_KEY|/none|--key is there without --certificate",
            "MIRROR_BOOTSTRAP_CERTIFICATE|/none|--certificate is there without --key",
            "MIRROR_BOOTSTRAP_PROXY|ftp://x|--proxy: "})
    void aWrongValueIsToldWithItsVariable(String variable, String value, String said) {
        environment.put(variable, value);
        assertEquals(2, run(line("wait")));
        assertTrue(err.toString().contains(said), err::toString);
        assertTrue(err.toString().lines().findFirst().orElseThrow().endsWith(" (it is from " + variable + ")"),
                err::toString);
    }

    /** Each is told where it is looked for, and no option of a client is left out. */
    @ParameterizedTest
    @ValueSource(strings = {"send", "wait", "status", "rm"})
    void theHelpTellsEachOfThem(String command) throws IOException {
        assertEquals(0, run(command, "--help"));
        Set<String> told = Pattern.compile("\\$(MIRROR_BOOTSTRAP_[A-Z_]+)").matcher(out.toString()).results()
                .map(match -> match.group(1)).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(new TreeSet<>(SettingsKeys.OF_CLIENTS), told);
        String readme = Files.readString(Path.of("README.md"));
        told.forEach(variable -> assertTrue(readme.contains(variable), variable));
    }

    /** Of the service, only its configuration counts. */
    @Test
    void theServiceHasNoneOfThem() {
        assertEquals(0, run("serve", "--help"));
        SettingsKeys.OF_CLIENTS.forEach(variable -> assertFalse(out.toString().contains("$" + variable), variable));
    }

    private String[] line(String command, String... options) {
        String[] own = command.equals("send")
                ? new String[]{"send", file.toString(), "--cluster", "c", "--database", "d", "--lsn", "1",
                        "--give-up-after", "0"}
                : command.equals("wait")
                        ? new String[]{command, "--database", "d", "--timeout", "1"}
                        : new String[]{command, "d"};
        String[] all = Arrays.copyOf(own, own.length + options.length);
        System.arraycopy(options, 0, all, own.length, options.length);
        return all;
    }

    private static RawServer refusing() throws IOException {
        return RawServer.of("403 No", "");
    }

    /** @param token that the server was shown */
    private static void assertShown(String token, RawServer server) {
        List<String> shown = server.heads().stream().flatMap(String::lines)
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("authorization:")).toList();
        assertEquals(token.isEmpty() ? List.of() : List.of("authorization: Bearer " + token),
                shown.stream().map(line -> line.replaceFirst("^A", "a")).toList());
        assertFalse(server.heads().isEmpty());
    }
}
