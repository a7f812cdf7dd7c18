package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.quarkus.runtime.StartupEvent;

class ServeApplicationTest {

    /** SIGTERM may come at any moment of a start, which goes on until Quarkus ends it: there is nothing to report. */
    @Test
    void aStartThatIsToldToEndDoesNotFail() throws Exception {
        Process ends = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Ending.class.getName()).redirectErrorStream(true).start();
        assertEquals("it goes on", new String(ends.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
        assertEquals(ExitCode.COMMITTED.number(), ends.waitFor());
    }

    /** A process that starts the service while it ends. */
    static final class Ending {

        public static void main(String[] arguments) {
            ServeApplication application = new ServeApplication(null, Optional.empty(), Optional.empty());
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                application.start(new StartupEvent());
                System.out.println("it goes on");
            }));
        }
    }
}
