package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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

    /** No more addresses of one name are asked. */
    private static final int MOST_ADDRESSES = 64;

    private final SeedUrls urls;
    private final Credentials credentials;
    private final JsonRecords records = new JsonRecords();
    private final Map<Endpoint, SiblingClient> clients = new HashMap<>();
    private final SeedLog log;

    Siblings(SeedUrls urls, Credentials credentials, SeedLog log) {
        this.urls = urls;
        this.credentials = credentials;
        this.log = log;
    }

    /** What they have of {@code database}. */
    List<Offer> offers(DatabaseId database) throws InterruptedException {
        List<Offer> offers = new ArrayList<>();
        for (Endpoint endpoint : urls.siblings(database)) {
            SiblingClient client = clients.computeIfAbsent(endpoint, any -> new SiblingClient(endpoint, credentials));
            try {
                for (InetAddress address : client.addresses(Sibling.PATIENCE).stream().limit(MOST_ADDRESSES).toList()) {
                    ask(new Sibling(client, address, endpoint.port()), database).ifPresent(offers::add);
                }
                log.isPast(endpoint.toString());
            } catch (IOException e) {
                tell(endpoint.toString(), e.getMessage());
            }
        }
        return offers;
    }

    private Optional<Offer> ask(Sibling sibling, DatabaseId database) throws InterruptedException {
        try {
            Optional<Offer> offer = sibling.manifest(database).flatMap(told -> offer(sibling, database, told));
            log.isPast(sibling.where());
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
        return snapshot.map(each -> Offer.of(sibling, each, said.downloads()));
    }

    private void tell(String where, String what) {
        log.warn(where, "the sibling " + Text.readable(where) + " cannot be asked: " + Text.readable(what));
    }

    /** Ends all connections, until the next {@link #offers}. */
    @Override
    public void close() {
        clients.values().forEach(SiblingClient::close);
        clients.clear();
    }
}
