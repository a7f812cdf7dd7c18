package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Probes: answered while the port is crowded, true while it is deaf, and of what there is. */
class ProbesIT extends WithSidecar {

    @Override
    List<String> vmOptions() {
        return List.of("-Xmx64m", "-XX:MaxDirectMemorySize=96m");
    }

    @Test
    void aHealthGroupThatDoesNotExistIsNotMadeUp() throws Exception {
        start(tokens("secret\n"));
        for (String open : List.of("", "/live", "/ready", "/started", "/well", "/group", "/group/mirror")) {
            assertEquals(200, status("/q/health" + open, "Host: x"), open);
        }
        for (String none : List.of("/group/miror", "/group/mirror/", "/group/mirror/x", "/group/", "/nothing", "/",
                "/../health/group/miror", "/%67roup/miror", "//group/miror")) {
            HttpAnswer answer = PlainSocket.ask(sidecar.uri(), "GET /q/health" + none);
            assertEquals(404, answer.status(), none);
            assertFalse(answer.text().contains("UP"), none);
            HttpAnswer letIn = PlainSocket.ask(sidecar.uri(), "GET /q/health" + none, "Authorization: Bearer secret");
            assertEquals(answer.head() + answer.text(), letIn.head() + letIn.text(), none);
        }
    }

    @Test
    void aPortThatIsDeafIsNotAlive() throws Exception {
        Path deaf = directory.resolve("deaf");
        start(Map.of("LD_PRELOAD", Preloaded.library("deaf_port").toString(), "DEAF_WHILE", deaf.toString()));
        try (PlainSocket probe = PlainSocket.to(sidecar.uri())) {
            assertEquals(200, probe.ask("GET /q/health/live").status());
            Files.createFile(deaf);
            patiently().atMost(2, TimeUnit.MINUTES).until(() -> probe.ask("GET /q/health/live").status() == 503);
            assertLogged("port " + sidecar.uri().getPort() + " does not accept connections");
            Files.delete(deaf);
            patiently().until(() -> probe.ask("GET /q/health/live").status() == 200);
        }
    }

    /** As where a mirror in the same pod has all of them. */
    @Test
    void aPortThatCannotBeLookedAtForWantOfAnotherIsAlive() throws Exception {
        Path none = directory.resolve("none");
        start(Map.of("LD_PRELOAD", Preloaded.library("deaf_port").toString(), "NO_PORT_WHILE", none.toString()));
        Files.createFile(none);
        patiently().until(() -> Files.size(none) > 5); // attempts after which a port is deaf
        assertEquals(200, status("/q/health/live", "Host: x"));
        assertFalse(sidecar.log().contains("does not accept connections"), sidecar.log());
        assertEquals(1, sidecar.logged("cannot be looked at").size());
    }

    /** A connection each, that is reset at once, or when it has asked: more of them than are served. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aProbeIsAnsweredWhileOthersComeAndGo(boolean theyAsk) throws Exception {
        start();
        URI uri = sidecar.uri();
        AtomicBoolean isOver = new AtomicBoolean();
        List<Thread> others = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread other = new Thread(() -> comeAndGo(uri, theyAsk, isOver));
            other.start();
            others.add(other);
        }
        try {
            for (int i = 0; i < 60; i++) {
                assertEquals(200, status("/q/health/live", "Host: x"), "probe " + i);
            }
        } finally {
            isOver.set(true);
            for (Thread other : others) {
                other.join();
            }
        }
        for (int i = 0; i < 200; i++) { // no place is taken for ever
            assertEquals(200, status("/q/health/live", "Host: x"), "afterwards " + i);
        }
    }

    private static void comeAndGo(URI uri, boolean theyAsk, AtomicBoolean isOver) {
        List<PlainSocket> held = new ArrayList<>();
        while (!isOver.get()) {
            try {
                PlainSocket socket = PlainSocket.to(uri).resetAtClose();
                held.add(socket);
                if (theyAsk) {
                    socket.write(PlainSocket.request("GET /q/health/ready", "Host: x"));
                }
                if (held.size() > (theyAsk ? 25 : 0)) {
                    held.remove(0).close();
                }
            } catch (IOException e) {
                Thread.onSpinWait(); // it was cut, and comes again
            }
        }
        for (PlainSocket each : held) {
            assertDoesNotThrow(each::close);
        }
    }

    @Test
    void readinessIsFoundOutOnceForAllWhoAskWithinASecond() throws Exception {
        start();
        Set<FileTime> changes = new HashSet<>();
        long begun = System.nanoTime();
        try (PlainSocket probe = PlainSocket.to(sidecar.uri())) {
            for (int i = 0; i < 300; i++) {
                assertEquals(200, probe.ask("GET /q/health/ready").status());
                changes.add(Files.getLastModifiedTime(file(".")));
            }
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun);
        assertTrue(changes.size() <= seconds + 3, changes.size() + " times in " + seconds + " seconds");
    }
}
