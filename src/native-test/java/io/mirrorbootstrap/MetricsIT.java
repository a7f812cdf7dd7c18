package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Outcome;

/** To whom the metrics of a running service tell what. */
class MetricsIT extends WithSidecar {

    private static final String VERSION = "mirror_bootstrap_build_info{";
    private static final String EXPIRY = "mirror_bootstrap_certificate_expiry_timestamp_seconds";

    @Test
    void strangersAreNotToldOfDatabases() throws Exception {
        start(tokens("secret"), Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders,invoices"));
        assertEquals(2, sidecar.metric("mirror_bootstrap_missing_databases"));
        assertInstanceOf(Outcome.Committed.class, TestSender.send(sidecar.uri(), "cluster-a",
                new Credentials(Optional.of(tokenFile()), Optional.empty(), Optional.empty())));
        for (String shown : new String[]{"X-No: token", "Authorization: Bearer wrong", "Authorization: Basic secret"}) {
            HttpAnswer stranger = PlainSocket.ask(sidecar.uri(), "GET /q/metrics", shown);
            assertEquals(200, stranger.status(), shown);
            assertTrue(stranger.text().contains("mirror_bootstrap_committed_bytes_total"), shown);
            assertFalse(stranger.text().contains("orders"), shown);
            assertFalse(stranger.text().contains(VERSION), shown);
        }
        patiently().until(() -> sidecar.metric("mirror_bootstrap_requests_refused_total") == 2);
        assertLogged("refused GET \"/q/metrics\"");
        String known = PlainSocket.ask(sidecar.uri(), "GET /q/metrics", "Authorization: Bearer secret").text();
        assertTrue(known.contains("mirror_bootstrap_database_state{database=\"orders\",state=\"following\"} 1.0"),
                known);
        assertTrue(known.contains(VERSION), known);
        assertTrue(known.endsWith("# EOF\n"), known);
        patiently().until(() -> sidecar.metric("mirror_bootstrap_missing_databases") == 1);
        assertEquals(2, sidecar.metric("mirror_bootstrap_expected_databases"));
        patiently().until(() -> sidecar.metric("mirror_bootstrap_disk_free_bytes") > 0);
        assertEquals(64, sidecar.metric("mirror_bootstrap_links_limit"));
        assertFalse(sidecar.get("/q/metrics").contains(EXPIRY), "there is no certificate");
    }

    @Test
    void aCertificateLetsInAndItIsToldUntilWhenTheServersOwnIsValidAlsoWhenItHasChanged() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        start(authority.service(), Map.of("QUARKUS_TLS_RELOAD_PERIOD", "1S"));
        SSLContext source = authority.client(authority.issue("source", "CN=cluster-a"));
        // in the moment of a reload, a handshake is ended
        patiently().ignoreExceptions().until(() -> overTls(source).contains(VERSION));
        patiently().ignoreExceptions().until(() -> !overTls(authority.client(null)).contains(VERSION));
        assertFalse(sidecar.get("/q/metrics").contains(VERSION));

        double before = sidecar.metric(EXPIRY);
        double expected = Instant.now().plus(Duration.ofDays(1)).getEpochSecond();
        assertEquals(expected, before, Duration.ofHours(1).toSeconds());
        Instant later = Instant.ofEpochSecond(Instant.now().getEpochSecond()).plus(Duration.ofDays(3));
        authority.issue("server", "CN=localhost", later);
        patiently().until(() -> sidecar.metric(EXPIRY) == later.getEpochSecond());
    }

    /** The table of docs/operations.md, held against a service with a certificate that has had a transfer. */
    @Test
    void eachMetricIsInTheDocumentsAndNoOther() throws Exception {
        start(new TestAuthority(directory, "authority").serviceWithoutTrust(), tokens("secret"));
        assertInstanceOf(Outcome.Committed.class, TestSender.send(sidecar.uri(), "cluster-a",
                new Credentials(Optional.of(tokenFile()), Optional.empty(), Optional.empty())));
        Set<String> told = families("Authorization: Bearer secret");
        Set<String> documented = names("");
        for (String family : told) {
            assertTrue(documented.stream().anyMatch(name -> isOf(family, name)), family + " is not documented");
        }
        for (String name : documented) {
            assertTrue(told.stream().anyMatch(family -> isOf(family, name)), name + " is not there");
        }
        Set<String> hidden = new TreeSet<>(told);
        hidden.removeAll(families("X-No: token"));
        hidden.removeIf(family -> !family.startsWith("mirror_bootstrap_")); // the others come and go with what has happened
        assertEquals(names(" \\*"), hidden, "what strangers are not told is marked");
    }

    /** Of the text format for people: the other one has a name for each family alone. */
    private Set<String> families(String credentials) throws Exception {
        return Pattern.compile("(?m)^# TYPE (\\S+)")
                .matcher(PlainSocket.ask(sidecar.uri(), "GET /q/metrics", credentials, "Accept: text/plain").text())
                .results().map(match -> match.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    /** @param mark behind each name */
    private static Set<String> names(String mark) throws Exception {
        return Files.readString(Path.of("docs/operations.md")).lines().filter(line -> line.startsWith("| `"))
                .map(line -> line.split("\\|")[1])
                .flatMap(cell -> Pattern.compile("`([a-z_0-9*]+)`" + mark).matcher(cell).results())
                .map(match -> match.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isOf(String family, String name) {
        return name.endsWith("*") ? family.startsWith(name.substring(0, name.length() - 1)) : family.equals(name);
    }

    private String overTls(SSLContext client) throws Exception {
        return HttpClient.newBuilder().sslContext(client).build()
                .send(HttpRequest.newBuilder(sidecar.secureUri().resolve("/q/metrics")).build(),
                        BodyHandlers.ofString())
                .body();
    }
}
