package io.mirrorbootstrap.access;

import java.util.concurrent.TimeUnit;

import jakarta.enterprise.context.ApplicationScoped;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;

/**
 * How long a peer may take to its TLS handshake, where the certificate is beside Quarkus' TLS registry, which has a setting for that:
 * what a peer has sent is held as long.
 */
@ApplicationScoped
class HandshakeTime implements HttpServerOptionsCustomizer {

    private static final int SECONDS = 3;

    private final TlsInUse inUse;

    HandshakeTime(TlsInUse inUse) {
        this.inUse = inUse;
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        if (inUse.configuration().filter(each -> each.getKeyStoreOptions() != null).isEmpty()) {
            options.setSslHandshakeTimeout(SECONDS).setSslHandshakeTimeoutUnit(TimeUnit.SECONDS);
        }
    }
}
