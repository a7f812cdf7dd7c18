package io.mirrorbootstrap.access;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;

import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigValue;
import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Text;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;

/** How far the port is open: to this machine only, unless callers must prove who they are. */
@ApplicationScoped
class Exposure implements HttpServerOptionsCustomizer {

    private static final Logger LOG = Logger.getLogger(Exposure.class);

    private static final String HOST = "quarkus.http.host";
    private static final String LOOPBACK = "127.0.0.1";
    private static final String ANY = "0.0.0.0";
    private static final int MAX_PORT = 0xFFFF;

    private final Config config;
    private final boolean guarded;
    private final boolean insecure;
    private final ClientCertificates certificates;
    private final boolean clusterIdFromCertificate;
    private final boolean hostChosen;
    private final String host;

    Exposure(AccessSettings settings, TokenFile tokens, ClientCertificates certificates, Config config) {
        this.config = config;
        this.certificates = certificates;
        this.guarded = tokens.isUsed() || certificates.isUsed();
        this.insecure = settings.insecure();
        this.clusterIdFromCertificate = settings.clusterIdFromCertificate();
        ConfigValue chosen = config.getConfigValue(HOST);
        this.hostChosen = chosen.getValue() != null && chosen.getSourceOrdinal() > 0;
        this.host = hostChosen ? chosen.getValue() : guarded || insecure ? ANY : LOOPBACK;
    }

    /** A sidecar with settings that are not allowed must not start. */
    void check(@Observes @Priority(2) StartupEvent event) {
        if (clusterIdFromCertificate && !certificates.isUsed()) {
            throw new ConfigurationException(
                    "mirror-bootstrap.cluster-id-from-certificate is true, but no certificate is "
                            + "asked for: set quarkus.tls.trust-store.pem.certs to the authority of the sources");
        }
        if (certificates.isUsed() && !certificates.canBeShown()) {
            throw new ConfigurationException(
                    "quarkus.tls.trust-store asks sources for a certificate, but there is no HTTPS "
                            + "where they could show one: set quarkus.tls.key-store.pem.0.cert and quarkus.tls.key-store.pem.0.key "
                            + "(QUARKUS_TLS_KEY_STORE_PEM__0__CERT, two underscores)");
        }
        requireAddress();
        if (isLoopbackOnly() && !Loopback.isAddressOf(host)) {
            throw new ConfigurationException(HOST + " is " + host
                    + ", which other machines can reach, and nobody there "
                    + "has to prove who they are: set mirror-bootstrap.auth-token-file, or quarkus.tls.trust-store.pem.certs, "
                    + "or mirror-bootstrap.insecure=true");
        }
    }

    private void requireAddress() {
        try {
            InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new ConfigurationException(
                    HOST + " is " + Text.quoted(host) + ", which is no address that can be found");
        }
    }

    /** Before all that takes time or is logged: else a port that cannot be opened shows only when all else is done. */
    void requirePorts(@Observes @Priority(3) StartupEvent event) throws IOException {
        if (LaunchMode.current() != LaunchMode.NORMAL) {
            return;
        }
        if (!config.getOptionalValue("quarkus.http.insecure-requests", String.class)
                .filter("disabled"::equalsIgnoreCase)
                .isPresent()) {
            requirePort("quarkus.http.port");
        }
        if (certificates.canBeShown()) {
            requirePort("quarkus.http.ssl-port");
        }
    }

    private void requirePort(String key) throws IOException {
        int port = config.getOptionalValue(key, Integer.class).orElse(0);
        if (port < 0 || port > MAX_PORT) {
            throw new ConfigurationException(key + " is " + port + ", it must be from 0 to " + MAX_PORT);
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
        } catch (BindException e) {
            throw new QuarkusBindException(host, port, e);
        }
    }

    /** After all checks: a start that fails has one line in the log. */
    void tell(@Observes @Priority(Interceptor.Priority.APPLICATION + 1000) StartupEvent event) {
        if (isLoopbackOnly() && !hostChosen) {
            LOG.warnf(
                    "listening on %s only: set mirror-bootstrap.auth-token-file, or quarkus.tls.trust-store.pem.certs, "
                            + "to let other machines in",
                    host);
        } else if (insecure && !guarded) {
            LOG.warnf("mirror-bootstrap.insecure: everybody who can reach %s may store snapshots here", host);
        }
    }

    /** Whether only programs on this machine are meant to reach the port. */
    boolean isLoopbackOnly() {
        return !guarded && !insecure;
    }

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        options.setHost(host);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        options.setHost(host);
        if (certificates.isUsed()) {
            // requested, not required: probes have none. The gate requires it
            options.setClientAuth(ClientAuth.REQUEST);
        }
    }
}
