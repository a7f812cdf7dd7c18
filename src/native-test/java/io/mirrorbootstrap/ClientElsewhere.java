package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Assumptions;

/** A source of docs/examples, by its language. One whose language or libraries are not installed is not tried, and that is said. */
enum ClientElsewhere {

    PYTHON {
        @Override
        Optional<List<String>> find(Path directory) {
            return Stream.of("python3", "/usr/bin/python3") // Debian's libraries are for Debian's own Python
                    .filter(python -> succeeds(python, "-c", "import websocket, msgpack, crc32c")).findFirst()
                    .map(python -> List.of(python, "docs/examples/send.py"));
        }
    },
    GO {
        @Override
        Optional<List<String>> find(Path directory) {
            boolean isThere = succeeds("go", "version")
                    && Stream.of("github.com/gorilla/websocket", "github.com/vmihailenco/msgpack/v5")
                            .allMatch(library -> Files.isDirectory(Path.of(GO_PATH, "src", library)));
            return isThere ? Optional.of(List.of(built(directory))) : Optional.empty();
        }
    },
    NODE {
        @Override
        Optional<List<String>> find(Path directory) {
            return succeeds("node", "-e", "require('ws')")
                    ? Optional.of(List.of("node", "docs/examples/send.cjs"))
                    : Optional.empty();
        }
    };

    /** Where Debian puts libraries of Go. */
    private static final String GO_PATH = "/usr/share/gocode";

    /** Where Debian puts those of Node. */
    private static final String NODE_PATH = "/usr/share/nodejs";

    /** The command that runs it, without arguments; empty where it cannot be run here. What is compiled is put into the directory. */
    abstract Optional<List<String>> find(Path directory);

    /** A run of it that has begun; what it says is in two files of a directory of its own. */
    record Run(Process process, Path directory) {

        /** Waits for its end. */
        Ended end() throws Exception {
            try {
                assertTrue(process.waitFor(2, TimeUnit.MINUTES), "it does not end");
            } finally {
                process.destroyForcibly();
            }
            return new Ended(process.exitValue(), Files.readString(directory.resolve("out")),
                    Files.readString(directory.resolve("err")));
        }
    }

    /** How a run has ended, and what it has said. */
    record Ended(int exit, String out, String err) {

        void assertCommitted(int bytesSent) {
            assertEquals(0, exit, err);
            assertTrue(out.endsWith(" (" + bytesSent + " bytes sent)\n"), out);
        }

        void assertFailed(int expected, String word) {
            assertEquals(expected, exit, err);
            assertTrue(err.contains(word), err);
        }

        /** How often it came back. */
        long pauses() {
            return err.lines().filter(line -> line.contains(": again in ")).count();
        }
    }

    /** As {@link #find}, but skips the test, and says so, where it cannot be run here. */
    List<String> command(Path directory) {
        return find(directory).orElseGet(() -> Assumptions
                .abort(this + ": the language or a library of it is not installed here: NOT TRIED"));
    }

    /**
     * Begins to send {@code file}, as database {@code db}.
     *
     * @param command from {@link #command}
     * @param directory for what it says
     */
    static Run begin(List<String> command, Path directory, URI url, Path file, String... more) throws IOException {
        List<String> line = new ArrayList<>(command);
        line.addAll(List.of("--url", url.toString(), "--cluster", "cluster", "--database", "db"));
        line.addAll(List.of(more));
        line.add(file.toString());
        return new Run(program(line).redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile()).start(), directory);
    }

    private static ProcessBuilder program(List<String> line) {
        ProcessBuilder program = new ProcessBuilder(line);
        program.environment().put("NODE_PATH", NODE_PATH);
        return program;
    }

    private static boolean succeeds(String... line) {
        try {
            return program(List.of(line)).redirectOutput(Redirect.DISCARD).redirectError(Redirect.DISCARD).start()
                    .waitFor() == 0;
        } catch (IOException e) {
            return false; // there is no such program
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code go run} would compile it for each run. */
    private static String built(Path directory) {
        Path program = directory.resolve("send");
        if (!Files.exists(program)) {
            ProcessBuilder build = new ProcessBuilder("go", "build", "-o", program.toString(),
                    "docs/examples/send.go").inheritIO();
            build.environment().putAll(Map.of("GOCACHE", directory.resolve("cache").toString(), "GOPATH",
                    directory.resolve("path") + ":" + GO_PATH, "GO111MODULE", "off", "CGO_ENABLED", "0"));
            try {
                assertEquals(0, build.start().waitFor(), "go build");
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        return program.toString();
    }
}
