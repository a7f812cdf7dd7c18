package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** The archive that the build leaves, unpacked as docs/install.md says: the program works from there, and its papers are right. */
@Timeout(120)
class ArchiveIT extends WithSidecar {

    private static final Path ARCHIVE = Path.of(System.getProperty("archive.path"));
    private static final String TIME = System.getProperty("archive.time");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What {@code no_write_execute.c} ends with. */
    private static final int NOT_POSSIBLE = 77;

    private Path home;

    @BeforeEach
    void unpack() throws Exception {
        run("tar", "-xzf", ARCHIVE.toString(), "-C", directory.toString());
        try (Stream<Path> top = Files.list(directory)) {
            home = top.filter(each -> each.getFileName().toString().startsWith("mirror-bootstrap-")).findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void theProgramIsFoundThroughALink() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("current"), home.getFileName());
        Path onPath = Files.createSymbolicLink(directory.resolve("mirror-bootstrap"),
                link.resolve("bin/mirror-bootstrap"));
        assertEquals(home.getFileName().toString(),
                run(onPath.toString(), "--version").lines().findFirst().orElse("").replace(' ', '-'));
    }

    @Test
    void whatIsSentFromItIsReceivedByASidecarThatRunsFromIt() throws Exception {
        Map<String, String> settings = new HashMap<>();
        Files.readString(papers().resolve("env.example")).lines().filter(each -> each.matches("#[A-Z0-9_]+=.*"))
                .map(each -> each.substring(1).split("=", 2)).forEach(each -> settings.put(each[0], each[1]));
        assertEquals("8080", settings.remove("QUARKUS_HTTP_PORT"));
        settings.remove("JAVA_HOME");
        settings.putAll(tokens("secret"));
        if (!isForJvm()) {
            settings.putAll(denied()); // as the unit has it
        }
        String file = Files.write(directory.resolve("file"), TestSnapshot.random("d", 3_000_001).bytes())
                .toString();
        Path data = Files.createDirectories(data());
        try (SidecarProcess service = SidecarProcess.start(List.of(launcher(), "serve"), data, settings)) {
            run(launcher(), "send", file, "--url", service.uri().toString(), "--cluster", "c", "--database", "d",
                    "--token-file", tokenFile().toString());
            assertEquals(-1, Files.mismatch(Path.of(file), file("d.snapshot")));
            assertFalse(service.log().contains("is no setting"), service.log());
            assertEquals(143, service.terminate(), "what the unit takes for success");
        }
    }

    @Test
    void eachCommandHasAPageWithAllOfItsOptions() throws Exception {
        Set<String> commands = commands();
        assertTrue(commands.contains("send"), commands::toString);
        Set<String> pages = new TreeSet<>(commands.stream().map(each -> "mirror-bootstrap-" + each + ".1").toList());
        pages.add("mirror-bootstrap.1");
        assertEquals(pages, names(home.resolve("share/man/man1")));
        for (String command : commands) {
            Set<String> options = found("--[a-z][a-z0-9-]+(?=[=,\\n]| {2})", run(launcher(), command, "--help"));
            assertTrue(options.contains("--version"), options::toString);
            String page = Files.readString(page("mirror-bootstrap-" + command + ".1"));
            for (String option : options) {
                assertTrue(page.contains(option.replace("-", "\\-")), page + " has no " + option);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mandoc -Tlint -Wwarning", "groff -man -Tutf8 -ww -z", "man --warnings -l"})
    void thePagesAreRight(String check) throws Exception {
        assumeThereIs(check.split(" ")[0], "THE PAGES OF THE MANUAL");
        for (String page : names(home.resolve("share/man/man1"))) {
            List<String> command = new ArrayList<>(List.of(check.split(" ")));
            command.add(page(page).toString());
            String said = run(command.toArray(String[]::new));
            assertTrue(check.startsWith("man ")
                    ? said.contains("EXIT STATUS") || said.contains("SEE ALSO")
                    : said.isEmpty(), said);
            assertFalse(said.contains("warning"), said);
        }
    }

    @Test
    void bashCompletesByTheFileOfTheCommandsName() throws Exception {
        assumeThereIs("bash", "THE COMPLETION");
        assertEquals("--give-up-after", run("bash", "--norc", "-c", "compopt() { :; }; source '"
                + home.resolve("share/bash-completion/completions/mirror-bootstrap")
                + "'; COMP_WORDS=(mirror-bootstrap send --give); COMP_CWORD=2; "
                + "$(complete -p mirror-bootstrap | sed 's/.*-F \\([^ ]*\\) .*/\\1/') || :; echo \"${COMPREPLY[@]}\"")
                .strip());
    }

    @Test
    void systemdTakesTheUnitAndFindsLittleExposed() throws Exception {
        assumeThereIs("systemd-analyze", "THE UNIT OF SYSTEMD");
        String text = Files.readString(home.resolve("lib/systemd/system/mirror-bootstrap.service"));
        String installed = text.replace("/opt/mirror-bootstrap/", home + "/");
        assertFalse(installed.equals(text), text);
        assertTrue(text.contains("\nMemoryDenyWriteExecute=" + (isForJvm() ? "no" : "yes") + "\n"), text);
        Path unit = Files.writeString(Files.createDirectory(directory.resolve("units"))
                .resolve("mirror-bootstrap.service"), installed);
        assertEquals("", run("systemd-analyze", "verify", "--man=no", unit.toString()));
        // 100 is a service without any bounds; of what is left, more than half is that it talks to networks
        run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=16", unit.toString());
    }

    @Test
    void theUnitDeniesCodeThatIsWrittenWhereTheProgramWritesNone() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(launcher(), "--version").redirectErrorStream(true);
        builder.environment().putIfAbsent("JAVA_HOME", System.getProperty("java.home"));
        Map<String, String> denied = denied();
        assumeFalse(denied.isEmpty(), "the kernel denies no memory");
        builder.environment().putAll(denied);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(isForJvm(), process.waitFor() != 0, said);
    }

    @Test
    void theListOfWhatItIsBuiltOfIsTrue() throws Exception {
        JsonNode bill = JSON.readTree(papers().resolve("sbom.cdx.json").toFile());
        assertEquals("CycloneDX", bill.path("bomFormat").asText());
        Set<String> purls = values(bill.findValues("purl").stream());
        assertTrue(purls.stream().anyMatch(each -> each.startsWith("pkg:maven/io.vertx/vertx-core@")), purls::toString);
        for (JsonNode component : bill.path("components")) {
            String place = component.at("/evidence/occurrences/0/location").asText();
            if (isForJvm() && !place.isEmpty()) {
                byte[] file = Files.readAllBytes(home.resolve("lib/mirror-bootstrap/quarkus-app").resolve(place));
                byte[] hash = MessageDigest.getInstance("SHA-256").digest(file);
                assertTrue(values(component.path("hashes").findValues("content").stream())
                        .contains(HexFormat.of().formatHex(hash)), place);
            }
        }
        String licences = Files.readString(papers().resolve("THIRD-PARTY"));
        for (String part : List.of("Apache License", "Eclipse Public License", "jackson-core",
                "quarkus-netty")) {
            assertTrue(licences.contains(part), part);
        }
    }

    /** What two builds would have differently: that they have the same is tried by .ci/reproducible. */
    @Test
    void nothingInItIsOfTheMachineThatBuiltIt() throws Exception {
        List<String> entries = run("env", "TZ=UTC", "tar", "-tvzf", ARCHIVE.toString(), "--full-time").lines().toList();
        String time = TIME.replace('T', ' ').replace("Z", "");
        assertEquals(List.of(), entries.stream().filter(
                each -> !each.matches("(-rw-r--r--|[-d]rwxr-xr-x) root/root +\\d+ " + time + " .*")).toList());
        assertEquals(List.of(), entries.stream().filter(each -> each.contains("/classes-")).toList());
        assertEquals(TIME,
                JSON.readTree(papers().resolve("sbom.cdx.json").toFile()).at("/metadata/timestamp").asText());
        for (Path each : List.of(papers().resolve("sbom.cdx.json"), papers().resolve("THIRD-PARTY"))) {
            assertFalse(Files.readString(each).contains(Path.of("").toAbsolutePath().toString()), each.toString());
        }
    }

    private Path papers() {
        return home.resolve("share/doc/mirror-bootstrap");
    }

    private Path page(String name) {
        return home.resolve("share/man/man1").resolve(name);
    }

    private String launcher() {
        return home.resolve("bin/mirror-bootstrap").toString();
    }

    private Set<String> commands() throws Exception {
        return found("(?m)^  [a-z]+(?=  )", run(launcher(), "--help")).stream().map(String::strip)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private boolean isForJvm() {
        return Files.exists(home.resolve("lib/mirror-bootstrap/quarkus-app"));
    }

    /** The environment of a process that runs nothing that it has written; empty where the kernel cannot see to that. */
    private static Map<String, String> denied() throws Exception {
        Map<String, String> denied = Map.of("LD_PRELOAD", Preloaded.library("no_write_execute").toString());
        ProcessBuilder builder = new ProcessBuilder("true");
        builder.environment().putAll(denied);
        if (builder.start().waitFor() == NOT_POSSIBLE) {
            System.err.println("MemoryDenyWriteExecute: NOT TESTED, THE KERNEL IS TOO OLD");
            return Map.of();
        }
        return denied;
    }

    private static void assumeThereIs(String program, String what) {
        Programs.assume(Programs.isInstalled(program), program, what + ": NOT TESTED");
    }

    /** What a program says that ends well, on standard output and standard error. */
    private static String run(String... command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putIfAbsent("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    private static Set<String> names(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(each -> each.getFileName().toString()).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static Set<String> found(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> values(Stream<JsonNode> nodes) {
        return nodes.map(JsonNode::asText).collect(Collectors.toCollection(TreeSet::new));
    }
}
