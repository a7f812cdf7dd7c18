package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.FileInput;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.SnapshotSender;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.vertx.http.HttpServer;

/** A source beside the sidecar, in one process, that meet through a real port. */
public final class DemoApplication implements QuarkusApplication {

    private static final Origin ORIGIN = new Origin("demo-cluster", new DatabaseId("demo"), 0x16B374D848L);

    private final HttpServer server;

    DemoApplication(HttpServer server) {
        this.server = server;
    }

    /** @param args the snapshot, and the data directory of this sidecar */
    @Override
    public int run(String... args) throws IOException, InterruptedException {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        Path snapshot = Path.of(args[0]);
        Endpoint endpoint = Endpoint.parse("http://127.0.0.1:" + server.getPort());
        out.println("a sidecar listens at " + endpoint + ", its data directory is " + args[1]);
        out.println("watch it at http://127.0.0.1:" + server.getPort() + "/ with a browser, as long as this lasts");
        out.println("a source sends " + snapshot + " as database " + ORIGIN.database() + " of "
                + ORIGIN.sourceClusterId() + ", LSN " + ORIGIN.lsn().orElseThrow());
        Outcome outcome;
        try (FileInput input = new FileInput(snapshot);
                SnapshotSender sender = new SnapshotSender(endpoint, Credentials.NONE);
                ProgressDisplay progress = ProgressDisplay.on(err)) {
            outcome = sender.send(input, ORIGIN, progress);
        }
        if (outcome instanceof Outcome.Committed committed) {
            String path = committed.snapshot().snapshotPath();
            out.println(Report.line(committed, Optional.empty()));
            out.println("look at it:  cmp " + snapshot + " " + path + " && echo identical");
            out.println("remove it:   rm -r " + args[1]);
        } else {
            err.println("mirror-bootstrap: " + outcome.message());
        }
        return (out.checkError() || System.out.checkError() ? ExitCode.FAILED : ExitCode.of(outcome)).number();
    }
}
