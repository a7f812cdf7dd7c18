package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.SiblingClient;

/**
 * A sidecar that may have what this one lacks.
 *
 * @param address one of those that its name has
 * @param port of the URL that names it
 */
record Sibling(SiblingClient client, InetAddress address, int port) implements Provider {

    /** How long it may be silent. */
    static final Duration PATIENCE = Duration.ofSeconds(20);

    @Override
    public String where() {
        return Endpoint.inUrl(address.getHostAddress()) + ":" + port;
    }

    @Override
    public String words() {
        return "the sibling at " + where();
    }

    Optional<SiblingClient.Told> manifest(DatabaseId database) throws IOException, InterruptedException {
        return client.manifest(address, database, PATIENCE);
    }

    @Override
    public Bytes bytes(Offer offer, long from) throws IOException, InterruptedException {
        return new SiblingBytes(client.snapshot(address, offer.identity().database(), from,
                offer.identity().totalBytes(), offer.tag(), PATIENCE));
    }
}
