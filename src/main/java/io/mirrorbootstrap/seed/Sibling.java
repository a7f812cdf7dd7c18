package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.AnswerBody;
import io.mirrorbootstrap.source.SiblingClient;

/**
 * A sidecar that may have what this one lacks.
 *
 * @param address one of those that its name has
 * @param port of the URL that names it
 */
record Sibling(SiblingClient client, InetAddress address, int port) {

    /** How long it may be silent. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Where it is, for people. */
    String where() {
        String host = address.getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    Optional<SiblingClient.Told> manifest(DatabaseId database) throws IOException, InterruptedException {
        return client.manifest(address, database, PATIENCE);
    }

    AnswerBody snapshot(Offer offer, long from) throws IOException, InterruptedException {
        return client.snapshot(address, offer.snapshot().database(), from, offer.snapshot().bytes(), offer.tag(),
                PATIENCE);
    }
}
