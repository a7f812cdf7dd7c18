package io.mirrorbootstrap.access;

import java.util.Optional;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/** What Vert.x has no word for: the socket below a connection. */
public final class Connections {

    private static final AttributeKey<String> SOURCE = AttributeKey.valueOf(Connections.class, "source");

    private Connections() {
    }

    /** The socket of {@code connection}. */
    public static Channel channel(HttpConnection connection) {
        return ((ConnectionBase) connection).channel();
    }

    /**
     * Closes {@code channel} without a word: the socket, not what stands before it, because Vert.x would wait until all is
     * written, which nobody may read. Any thread.
     *
     * @throws IllegalStateException when it has got no event loop yet
     */
    public static void cut(Channel channel) {
        Optional.ofNullable(channel.pipeline().firstContext()).ifPresent(ChannelHandlerContext::close);
    }

    /** Remembers who is at the other end of {@code channel}, whoever is in between. */
    static void name(Channel channel, String source) {
        channel.attr(SOURCE).set(source);
    }

    /** Who is at the other end of {@code channel}, for the log, as far as that is known. Any thread. */
    public static String source(Channel channel) {
        String named = channel.attr(SOURCE).get();
        return named != null ? named : String.valueOf(channel.remoteAddress()).replaceFirst("^.*/", "");
    }
}
