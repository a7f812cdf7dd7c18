package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.SiblingClient;
import io.mirrorbootstrap.wire.JsonRecords;

/** Asks the siblings what they have: each name at all its addresses. One thread, which waits. */
final class Siblings implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(Siblings.class);

    /** No more addresses of one name are asked. */
    private static final int MOST_ADDRESSES = 64;

    private final SeedUrls urls;
    private final Credentials credentials;
    private final JsonRecords records = new JsonRecords();
    private final Map<Endpoint, SiblingClient> clients = new HashMap<>();
    /** What was said last of each that cannot be asked: the same is not said again. */
    private final Map<String, String> told = new HashMap<>();

    Siblings(SeedUrls urls, Credentials credentials) {
        this.urls = urls;
        this.credentials = credentials;
    }

    /** What they have of {@code database}, the best first. */
    List<Offer> offers(DatabaseId database) throws InterruptedException {
        List<Offer> offers = new ArrayList<>();
        for (Endpoint endpoint : urls.of(database)) {
            SiblingClient client = clients.computeIfAbsent(endpoint, any -> new SiblingClient(endpoint, credentials));
            try {
                for (InetAddress address : client.addresses(Sibling.PATIENCE).stream().limit(MOST_ADDRESSES).toList()) {
                    ask(new Sibling(client, address, endpoint.port()), database).ifPresent(offers::add);
                }
                told.remove(endpoint.toString());
            } catch (IOException e) {
                tell(endpoint.toString(), e.getMessage());
            }
        }
        offers.sort(Offer.ORDER);
        return offers;
    }

    private Optional<Offer> ask(Sibling sibling, DatabaseId database) throws InterruptedException {
        try {
            Optional<Offer> offer = sibling.manifest(database).flatMap(told -> offer(sibling, database, told));
            told.remove(sibling.where());
            return offer;
        } catch (IOException e) {
            tell(sibling.where(), e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<Offer> offer(Sibling sibling, DatabaseId database, SiblingClient.Told said) {
        Optional<CommittedSnapshot> snapshot = records.manifest(said.text()).map(Manifest::snapshot)
                .filter(each -> each.database().equals(database));
        if (snapshot.isEmpty()) {
            tell(sibling.where(), "what it says is no manifest of " + database);
        }
        return snapshot.map(each -> new Offer(sibling, each, said.downloads(), ThreadLocalRandom.current().nextInt()));
    }

    private void tell(String where, String what) {
        if (!what.equals(told.put(where, what))) {
            LOG.warnf("seeding: the sibling %s cannot be asked: %s", Text.readable(where), Text.readable(what));
        }
    }

    /** Ends all connections, until the next {@link #offers}. */
    @Override
    public void close() {
        clients.values().forEach(SiblingClient::close);
        clients.clear();
        told.clear();
    }
}
