package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.protocol.RawClient;

/** The commands with which an operator looks after a sidecar, as processes beside a real one. */
@Timeout(120)
class CommandsIT extends WithSidecar {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int INTERRUPTED = 130;

    /** How a command ended, and what it said. */
    private record Ended(int code, String out, String err) {
    }

    private final TestSnapshot orders = TestSnapshot.of("orders", 7,
            "the snapshot".getBytes(StandardCharsets.US_ASCII));
    private final List<Process> begun = new ArrayList<>();

    @AfterEach
    void end() {
        begun.forEach(Process::destroyForcibly);
    }

    @Test
    void aMirrorIsLookedAtVerifiedAndRemoved() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_URL", "http://localhost:1", "MIRROR_BOOTSTRAP_TOKEN_FILE", "/none"));
        assertEquals(4, run("status", "orders").code());
        commit();
        assertFalse(sidecar.log().contains("is no setting"), "what is for clients is no mistake");

        Ended shown = run("status");
        assertEquals(0, shown.code(), shown.err());
        assertTrue(shown.out().lines().toList().get(1).matches("orders +following +100 % +12 B +- +- +7 .* ago"),
                shown.out());
        Ended json = run("status", "--json");
        assertEquals(JSON.readTree(sidecar.get("/v1/mirrors")), JSON.readTree(json.out()), json.out());

        Ended verified = run("verify", "orders");
        assertEquals(0, verified.code(), verified.err());
        assertTrue(verified.out().startsWith(file("orders.snapshot") + " is what its manifest says: LSN 7, "),
                verified.out());

        Ended kept = run("rm", "orders");
        assertEquals("no transfer of orders was there; the committed snapshot " + file("orders.snapshot")
                + " stays (--snapshot removes it)\n", kept.out());
        assertTrue(Files.exists(file("orders.snapshot")));
        assertEquals("gone: the committed snapshot " + file("orders.snapshot") + "\n",
                run("rm", "orders", "--snapshot").out());
        assertFalse(Files.exists(file("orders.snapshot")));
        assertEquals("nothing of orders was there\n", run("rm", "orders", "--snapshot").out());
        assertEquals(4, run("verify", "orders").code());
    }

    @Test
    void watchingEndsWhenItIsInterrupted() throws Exception {
        start();
        commit();
        // whoever runs this test in the background of a script has it ignored, and passes that on
        Process watch = beginAs(List.of("env", "--default-signal=INT"), "status", "orders", "--watch", "--json");
        assertEquals('[', watch.getInputStream().read());
        assertEquals(0, new ProcessBuilder("kill", "-s", "INT", String.valueOf(watch.pid())).start().waitFor());
        assertTrue(watch.waitFor(30, TimeUnit.SECONDS));
        assertEquals(INTERRUPTED, watch.exitValue());
    }

    @Test
    void aTerminalHasColoursAndLinesThatFit() throws Exception {
        start();
        commit();
        assertEquals("\u001b[32m", colours(Map.of()));
        assertEquals("", colours(Map.of("NO_COLOR", "1")));
        assertEquals("", colours(Map.of("TERM", "dumb")));
    }

    /** The colours of a status on a terminal of 60 columns, on which nothing is wider. */
    private String colours(Map<String, String> more) throws Exception {
        assumeTrue(Stream.of("/usr/bin/script", "/bin/script").anyMatch(path -> Files.exists(Path.of(path))),
                "no program here makes a terminal");
        List<String> words = SidecarProcess.command("status", "orders").command();
        String line = "stty cols 60 rows 10; exec '" + String.join("' '", words) + "'";
        ProcessBuilder script = new ProcessBuilder("script", "-qec", line, "/dev/null");
        script.environment().putAll(environment());
        script.environment().put("TERM", "xterm");
        script.environment().remove("NO_COLOR");
        script.environment().remove("COLUMNS");
        script.environment().putAll(more);
        Process process = script.redirectInput(Path.of("/dev/null").toFile()).start();
        begun.add(process);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        List<String> table = said.lines().map(each -> each.replaceAll("\u001b\\[\\d+m|\r", "")).toList();
        assertTrue(table.get(1).matches("orders +following +100 % .*"), said);
        if (!more.containsKey("TERM")) {
            assertTrue(table.stream().allMatch(each -> each.length() < 60), said);
        }
        return said.replaceAll("(?s)[^\u001b]*(\u001b\\[\\d+m)?.*", "$1");
    }

    /** As a person types it: bash itself completes. */
    @Test
    void bashCompletesCommandsAndOptions() throws Exception {
        assumeTrue(Files.exists(Path.of("/bin/bash")), "there is no bash here");
        Ended printed = run("completion");
        assertEquals(0, printed.code(), printed.err());
        Path script = Files.writeString(directory.resolve("completion.sh"), printed.out());
        assertEquals("status", completed(script, "mirror-bootstrap", "st"));
        assertEquals("serve\nsend", completed(script, "mirror-bootstrap", "se"));
        assertEquals("--watch", completed(script, "mirror-bootstrap", "status", "--wa"));
        assertEquals("--token-file", completed(script, "mirror-bootstrap", "rm", "--tok"));
    }

    /** What bash asks of a function of the script; compopt, which tells it how to go on, knows only a bash that somebody types into. */
    private String completed(Path script, String... words) throws Exception {
        String line = "compopt() { :; }; source " + script + "; COMP_WORDS=(" + String.join(" ", words)
                + "); COMP_CWORD="
                + (words.length - 1) + "; \"$(complete -p mirror-bootstrap | sed 's/.*-F \\([^ ]*\\) .*/\\1/')\" || :; "
                + "printf '%s\\n' \"${COMPREPLY[@]}\"";
        Process bash = new ProcessBuilder("bash", "--norc", "-c", line).redirectErrorStream(true).start();
        begun.add(bash);
        return new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    }

    private Map<String, String> environment() {
        Map<String, String> all = new HashMap<>();
        if (sidecar != null) {
            all.put("MIRROR_BOOTSTRAP_URL", sidecar.uri().toString());
        }
        all.put("MIRROR_BOOTSTRAP_DATA_DIR", data().toString());
        return all;
    }

    private Process begin(String... arguments) throws Exception {
        return beginAs(List.of(), arguments);
    }

    /** @param before what stands in front of the command */
    private Process beginAs(List<String> before, String... arguments) throws Exception {
        ProcessBuilder builder = SidecarProcess.command(arguments);
        builder.command().addAll(0, before);
        builder.environment().putAll(environment());
        Process process = builder.start();
        begun.add(process);
        return process;
    }

    private Ended run(String... arguments) throws Exception {
        Process process = begin(arguments);
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), out, err);
    }

    private void commit() throws Exception {
        RawClient source = new RawClient(sidecar.uri());
        orders.committed(source);
        source.close();
    }
}
