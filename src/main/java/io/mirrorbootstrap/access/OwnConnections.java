package io.mirrorbootstrap.access;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.inject.Singleton;

import io.netty.channel.Channel;

/** Connections that this process makes to its own ports, to see whether they accept: they take no place. Any thread. */
@Singleton
class OwnConnections {

    /** By the port that the connection comes from. */
    private final Map<Integer, CompletableFuture<Void>> expected = new ConcurrentHashMap<>();

    /**
     * A connection from {@code port} of this machine to itself is on the way: it is closed where it is accepted, also when no
     * place is free.
     *
     * @return completes when the connection has been accepted
     */
    CompletableFuture<Void> expect(int port) {
        return expected.computeIfAbsent(port, any -> new CompletableFuture<>());
    }

    /** Nobody waits for the connection from {@code port} any more. */
    void forget(int port) {
        expected.remove(port);
    }

    /** What {@link #expect} returned for {@code accepted}, once; empty when nobody expects it. */
    Optional<CompletableFuture<Void>> take(Channel accepted) {
        return !expected.isEmpty() && accepted.remoteAddress() instanceof InetSocketAddress from
                && accepted.localAddress() instanceof InetSocketAddress to
                && from.getAddress().equals(to.getAddress()) // of this machine itself
                        ? Optional.ofNullable(expected.remove(from.getPort()))
                        : Optional.empty();
    }
}
