package io.mirrorbootstrap.link;

import java.util.List;

import jakarta.enterprise.context.ApplicationScoped;

import io.mirrorbootstrap.wire.Protocol;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;

/** What the HTTP server must know of links. */
@ApplicationScoped
class WebSocketOptions implements HttpServerOptionsCustomizer {

    /** How long a peer may take to answer a close, in seconds; then the socket is cut. */
    private static final int CLOSING_SECONDS = 5;

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        options.setWebSocketSubProtocols(List.of(Protocol.SUBPROTOCOL))
                .setWebSocketClosingTimeout(CLOSING_SECONDS)
                // snapshots are compressed or encrypted already, and inflating is a way to exhaust memory
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        customizeHttpServer(options);
    }
}
