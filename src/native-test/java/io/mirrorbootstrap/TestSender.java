package io.mirrorbootstrap;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.FileInput;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.Outcome;
import io.mirrorbootstrap.source.SnapshotSender;

/** What sends in this project, within the process of the test: its outcome is typed. */
final class TestSender {

    private TestSender() {
    }

    /** Sends a few bytes as the database {@code orders}. */
    static Outcome send(URI uri, String cluster, Credentials credentials) throws Exception {
        Path file = Files.writeString(Files.createTempFile("snapshot", ""), "the snapshot");
        try (FileInput input = new FileInput(file, Optional.empty());
                SnapshotSender sender = new SnapshotSender(Endpoint.parse(uri.toString()), credentials)) {
            return sender.send(input, new Origin(cluster, new DatabaseId("orders"), 7), (phase, done, total) -> {
            });
        } finally {
            Files.delete(file);
        }
    }
}
