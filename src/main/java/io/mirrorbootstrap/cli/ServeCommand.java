package io.mirrorbootstrap.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the sidecar until it is told to stop. */
@Command(name = ServeCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, sortOptions = false, description = "Runs the sidecar: receives snapshots until SIGTERM or SIGINT.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "1:this program failed unexpectedly, or another process has taken the data directory while it ran",
        "2:a setting is wrong, or what it names cannot be used; the message says which, and why",
        "143:it was told to end by SIGTERM; 130: by SIGINT"}, footer = {
                "",
                "The options stand for configuration keys, which can also be given as environment variables",
                "(MIRROR_BOOTSTRAP_DATA_DIR, QUARKUS_HTTP_PORT, ...) or in config/application.properties;",
                "an option wins. All other keys: docs/configuration.md.", "",
                "Example:  mirror-bootstrap serve --data-dir /var/lib/mirror --port 8080"})
final class ServeCommand implements Callable<Integer> {

    static final String NAME = "serve";

    /**
     * How many sessions of TLS are kept, to be resumed: Java keeps 20480 for a day, and anybody who makes handshakes could fill them
     * half of the launcher's heap with. Java reads it when it opens the port, on a JVM and in a native executable alike.
     */
    private static final String TLS_SESSIONS = "javax.net.ssl.sessionCacheSize";

    private static final int MAX_TLS_SESSIONS = 256;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Where snapshots are stored, in recv_snapshots below it. Default: data")
    private Path dataDir;

    @Option(names = "--host", paramLabel = "ADDRESS", description = "The address to listen on. Default: 0.0.0.0 if a token or a certificate is asked for, else 127.0.0.1")
    private String host;

    @Option(names = "--port", paramLabel = "PORT", description = "The port for sources, the API and the probes; 0 takes a free one. Default: 8080")
    private Integer port;

    @Option(names = "--auth-token-file", paramLabel = "FILE", description = "Tokens, one a line: each caller of the sidecar must show one. Read again every second.")
    private Path authTokenFile;

    @Option(names = "--insecure", description = "Lets other machines in though nobody has to prove anything.")
    private boolean insecure;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (port != null && (port < 0 || port > 0xFFFF)) {
            throw new ParameterException(spec.commandLine(), "--port is " + port + ", it must be from 0 to 65535");
        }
        set("mirror-bootstrap.data-dir", dataDir);
        set("quarkus.http.host", host);
        set("mirror-bootstrap.auth-token-file", authTokenFile);
        set("mirror-bootstrap.insecure", insecure ? true : null);
        set("quarkus.http.port", port);
        set(TLS_SESSIONS, System.getProperty(TLS_SESSIONS) == null ? MAX_TLS_SESSIONS : null);
        // ends the process by itself, with the exit code of the service
        StartFailure.run(ServeApplication.class);
        return ExitCode.COMMITTED.number();
    }

    private static void set(String key, Object value) {
        if (value != null) {
            System.setProperty(key, value.toString());
        }
    }
}
