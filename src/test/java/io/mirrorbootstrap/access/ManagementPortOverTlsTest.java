package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import jakarta.inject.Inject;

import org.awaitility.Awaitility;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;
import io.mirrorbootstrap.TestAuthority;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SSLOptions;

/** The port of probes and metrics where it is encrypted: its clients offer HTTP/2, as kubelet does, and none can tell them not to. */
@QuarkusTest
@TestProfile(ManagementPortOverTlsTest.Built.class)
class ManagementPortOverTlsTest {

    /** With a certificate, in the default configuration of TLS and in others with names. */
    public static final class Built implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            try {
                Path directory = Files.createTempDirectory("management-over-tls");
                TestAuthority authority = new TestAuthority(directory, "authority");
                TestAuthority.Identity server = authority.issue("server", "CN=localhost");
                Map<String, String> settings = new HashMap<>(
                        Map.of("quarkus.management.enabled", "true", "quarkus.management.test-port", "0",
                                "quarkus.http.test-ssl-port", "0", "quarkus.management.limits.max-header-size", "16K",
                                "test.authority",
                                authority.file().toString()));
                for (String name : List.of("silent", "old", "chosen")) {
                    settings.put("quarkus.tls." + name + ".alpn", "false");
                    settings.put("quarkus.tls." + name + ".protocols",
                            "TLSv1.3" + (name.equals("silent") ? "" : ",TLSv1.2"));
                }
                settings.put("quarkus.tls.silent.handshake-timeout", "7S");
                settings.put("quarkus.tls.chosen.cipher-suites", "TLS_AES_256_GCM_SHA384");
                for (String name : List.of("", "offers.", "silent.", "old.", "chosen.")) {
                    settings.put("quarkus.tls." + name + "key-store.pem.0.cert", server.certificateFile().toString());
                    settings.put("quarkus.tls." + name + "key-store.pem.0.key", server.keyFile().toString());
                }
                return settings;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    @TestHTTPResource(value = "/", management = true)
    URI management;

    @ConfigProperty(name = "test.authority")
    Path authority;

    @Inject
    Config config;

    @Inject
    TlsConfigurationRegistry registry;

    @Inject
    Vertx vertx;

    @Inject
    Ports ports;

    @Test
    void aClientThatOffersHttp2IsAnsweredOverHttp1() throws Exception {
        HttpResponse<Void> answer = ask(
                URI.create("https://localhost:" + management.getPort() + "/q/health/live"));
        assertEquals(200, answer.statusCode());
        assertEquals(Version.HTTP_1_1, answer.version());
    }

    /** A client puts them into one record. */
    @Test
    void headersAreAsLongAsTheyMayBe() throws Exception {
        HttpRequest request = HttpRequest
                .newBuilder(URI.create("https://localhost:" + management.getPort() + "/q/health/live"))
                .header("x-forwarded-client-cert", "c".repeat(15_000)).build();
        assertEquals(200, client().send(request, BodyHandlers.discarding()).statusCode());
    }

    @Test
    void aTlsConfigurationThatOffersHttp2StopsTheStart() {
        assertEquals(Optional.empty(), new SpokenHttp(config, registry).fault());
        assertEquals(Optional.empty(), fault(Map.of("quarkus.management.tls-configuration-name", "silent")));
        assertFault("quarkus.tls.offers.alpn is true",
                fault(Map.of("quarkus.management.tls-configuration-name", "offers")));
    }

    @Test
    void aTlsConfigurationWithSuitesThatAreWeakStopsTheStart() {
        for (String port : List.of("http", "management")) {
            String key = "quarkus." + port + ".tls-configuration-name";
            assertFault("quarkus.tls.old.protocols has TLSv1.2", fault(Map.of(key, "old")));
            assertEquals(Optional.empty(), fault(Map.of(key, "chosen")));
        }
    }

    /** The ports have it from there, at each reload too. */
    @Test
    void aHandshakeHasAsLongByEachTlsConfiguration() {
        assertEquals(3, handshakeSeconds(registry.getDefault()));
        assertEquals(3, handshakeSeconds(registry.get("chosen")));
        assertEquals(7, handshakeSeconds(registry.get("silent")));
    }

    private static long handshakeSeconds(Optional<TlsConfiguration> tls) {
        SSLOptions options = tls.orElseThrow().getSSLOptions();
        return options.getSslHandshakeTimeoutUnit().toSeconds(options.getSslHandshakeTimeout());
    }

    @Test
    void whatOnlyQuarkusSpeaksStopsTheStart() {
        assertFault("quarkus.http.http2 is true", fault(Map.of("quarkus.http.http2", "true")));
        assertFault("quarkus.management.proxy.use-proxy-protocol is true",
                fault(Map.of("quarkus.management.proxy.use-proxy-protocol", "true")));
    }

    /** Should a port offer it all the same. */
    @Test
    void aConnectionThatSpeaksHttp2IsClosedAndTheLogSaysSo() throws Exception {
        HttpServer offers = vertx
                .createHttpServer(
                        new HttpServerOptions().setHost("localhost").setPort(0).setSsl(true).setUseAlpn(true)
                                .setKeyCertOptions(registry.getDefault().orElseThrow().getKeyStoreOptions()))
                .requestHandler(request -> request.response().end());
        try (LoggedLines lines = new LoggedLines(TlsRecords.class.getName())) {
            int port = offers.listen().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS)
                    .actualPort();
            Awaitility.await().until(() -> ports.addresses().stream().anyMatch(each -> each.getPort() == port));
            assertThrows(IOException.class, () -> ask(URI.create("https://localhost:" + port)));
            assertEquals(1, lines.with("it speaks HTTP/2"));
        } finally {
            offers.close();
        }
    }

    /** By a client of its own, which has no connection yet. */
    private HttpResponse<Void> ask(URI uri) throws Exception {
        return client().send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding());
    }

    private HttpClient client() throws Exception {
        return HttpClient.newBuilder().sslContext(TestAuthority.clientThatTrusts(authority)).build();
    }

    private Optional<String> fault(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("quarkus.management.enabled", "true");
        return new SpokenHttp(new SmallRyeConfigBuilder().withSources(new PropertiesConfigSource(all, "test", 100))
                .build(), registry).fault();
    }

    private static void assertFault(String begins, Optional<String> fault) {
        assertTrue(fault.filter(line -> line.startsWith(begins)).isPresent(), fault.toString());
    }
}
