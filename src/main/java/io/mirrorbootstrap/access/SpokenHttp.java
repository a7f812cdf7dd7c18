package io.mirrorbootstrap.access;

import java.util.Optional;
import java.util.stream.Stream;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.Config;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;

/**
 * What the ports speak: HTTP/1.1, from the first byte of a connection, or of TLS, whose suites all have forward secrecy. What stands in
 * front of it otherwise is not bounded, and strangers could end the process by what they hold there. So a setting by which a port would
 * offer anything else stops the start: a client that takes the offer, as kubelet does, would be cut.
 */
@ApplicationScoped
class SpokenHttp {

    private static final String PORT_OF_PROBES = "quarkus.management.";
    private static final String NAME = PORT_OF_PROBES + "tls-configuration-name";
    private static final String NAME_OF_SOURCES = "quarkus.http.tls-configuration-name";

    /** Settings of a certificate beside Quarkus' TLS registry: with these Quarkus offers HTTP/2, and has no key against it. */
    private static final String BESIDE_REGISTRY = PORT_OF_PROBES + "ssl.certificate.";

    private final Config config;
    private final TlsConfigurationRegistry registry;

    SpokenHttp(Config config, TlsConfigurationRegistry registry) {
        this.config = config;
        this.registry = registry;
    }

    void check(@Observes @Priority(2) StartupEvent event) {
        fault().ifPresent(fault -> {
            throw new ConfigurationException(fault);
        });
    }

    /** A line that names the setting by which a port would offer more; empty when none does. */
    Optional<String> fault() {
        return Stream.of("quarkus.http.http2", "quarkus.http.proxy.use-proxy-protocol",
                PORT_OF_PROBES + "proxy.use-proxy-protocol").filter(this::isTrue)
                .map(key -> key
                        + " is true, but the sidecar reads HTTP/1.1 from the first byte of a connection, or TLS: "
                        + "leave it false; behind a proxy see mirror-bootstrap.trusted-proxies")
                .findFirst().or(this::faultOfProbes)
                .or(() -> Stream.of(NAME_OF_SOURCES, NAME).flatMap(this::faultOfSuites).findFirst());
    }

    /** A TLS configuration of a name has none of the defaults of {@code quarkus.tls.cipher-suites}. */
    private Stream<String> faultOfSuites(String key) {
        return config.getOptionalValue(key, String.class).stream()
                .filter(name -> registry.get(name).map(TlsConfiguration::getSSLOptions)
                        .filter(tls -> tls.getEnabledSecureTransportProtocols().contains("TLSv1.2")
                                && tls.getEnabledCipherSuites().isEmpty())
                        .isPresent())
                .map(name -> "quarkus.tls." + name
                        + ".protocols has TLSv1.2, of which Java takes suites without forward "
                        + "secrecy: set quarkus.tls." + name + ".cipher-suites (docs/security.md has a list), or leave "
                        + "TLSv1.3 alone");
    }

    /** Quarkus has no key that switches HTTP/2 off on the port that probes may have of their own: it is the one of TLS that counts. */
    private Optional<String> faultOfProbes() {
        if (!isTrue(PORT_OF_PROBES + "enabled")) {
            return Optional.empty();
        }
        Optional<String> name = config.getOptionalValue(NAME, String.class);
        Optional<TlsConfiguration> tls = name.map(registry::get).orElseGet(registry::getDefault)
                .filter(each -> each.getKeyStoreOptions() != null);
        if (tls.isPresent()) {
            return tls.filter(each -> each.getSSLOptions().isUseAlpn())
                    .map(each -> "quarkus.tls." + name.map(own -> own + ".").orElse("") + "alpn is true"
                            + ", by which the port of probes and metrics would offer HTTP/2, and the sidecar speaks HTTP/1.1 only: "
                            + "set it to false");
        }
        return Stream.of("files", "key-store-file").map(BESIDE_REGISTRY::concat)
                .filter(key -> name.isEmpty() && config.getOptionalValues(key, String.class).isPresent())
                .map(key -> key
                        + " is set, by which the port of probes and metrics would offer HTTP/2, and the sidecar speaks "
                        + "HTTP/1.1 only: set quarkus.tls.key-store instead, or that of a name with alpn=false and "
                        + NAME)
                .findFirst();
    }

    private boolean isTrue(String key) {
        return config.getOptionalValue(key, Boolean.class).orElse(false);
    }
}
