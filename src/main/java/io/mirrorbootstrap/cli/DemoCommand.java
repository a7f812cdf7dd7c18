package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the whole way of a snapshot on one machine. */
@Command(name = DemoCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, description = "Starts a sidecar on a free local port with a temporary data directory, sends FILE to it as a "
        + "source would, and shows the result.", footer = {"",
                "What was committed is kept, so that it can be looked at; the last line says how to remove it.", "",
                "Example:  mirror-bootstrap demo base.tar"})
final class DemoCommand implements Callable<Integer> {

    static final String NAME = "demo";

    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "The snapshot to send. Default: the largest file at hand, the Java runtime's own modules.")
    private Path file;

    @Option(names = "--rate", paramLabel = "BYTES", defaultValue = "16M", description = "How much is sent in a second, so that there is something to see; 0: as fast as it goes. Default: ${DEFAULT-VALUE}")
    private MemoryBytes rate;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path snapshot = file == null ? largestAtHand() : file;
        if (!Files.isRegularFile(snapshot) || !Files.isReadable(snapshot)) {
            throw new ParameterException(spec.commandLine(), "FILE " + snapshot + " is no readable file");
        }
        Path data = Files.createTempDirectory("mirror-bootstrap-demo-");
        System.setProperty("mirror-bootstrap.data-dir", data.toString());
        System.setProperty("quarkus.http.host", "127.0.0.1");
        System.setProperty("quarkus.http.port", "0");
        System.setProperty("mirror-bootstrap.ingest-rate-bytes-per-second", String.valueOf(rate.bytes()));
        System.setProperty("quarkus.log.level", "WARN");
        // ends the process by itself, with the exit code of the demonstration
        StartFailure.run(DemoApplication.class, snapshot.toString(), data.toString());
        return ExitCode.COMMITTED.number();
    }

    /** A native executable has no Java runtime beside it, it sends itself. */
    private static Path largestAtHand() {
        String javaHome = System.getProperty("java.home");
        Path modules = javaHome == null ? null : Path.of(javaHome, "lib", "modules");
        return modules != null && Files.isRegularFile(modules) ? modules : Path.of("/proc/self/exe");
    }
}
