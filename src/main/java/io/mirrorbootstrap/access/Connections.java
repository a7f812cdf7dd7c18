package io.mirrorbootstrap.access;

import java.util.Optional;

import javax.net.ssl.SSLEngine;

import io.mirrorbootstrap.mirror.CallerAtWork;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.util.AttributeKey;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.ConnectionBase;

/** The socket below a connection, for which Vert.x has no public method. */
public final class Connections {

    /** How many bytes of answers the kernel may hold: by itself it takes megabytes for each connection, which count for the container. */
    private static final int HELD_BYTES = 64 * 1024;

    private static final AttributeKey<String> SOURCE = AttributeKey.valueOf(Connections.class, "source");

    private static final AttributeKey<String> CALLER = AttributeKey.valueOf(Connections.class, "caller");

    private Connections() {
    }

    /** The socket of {@code connection}. */
    public static Channel channel(HttpConnection connection) {
        return ((ConnectionBase) connection).channel();
    }

    /** The kernel holds few bytes for who does not read. Event loop only. */
    public static void holdFew(Channel channel) {
        hold(channel, HELD_BYTES);
    }

    /** The kernel holds up to {@code bytes} for who does not read, as long as few connections have that. Event loop only. */
    public static void hold(Channel channel, int bytes) {
        if (channel.isOpen()) {
            channel.config().setOption(ChannelOption.SO_SNDBUF, bytes);
        }
    }

    /** Hears what comes out of a socket, as it comes. Event loop only. */
    public interface Arrivals {

        /** Takes what has come, and releases it. */
        void arrived(ByteBuf bytes);

        /** Follows the last {@link #arrived} of a read. */
        void arrivedAll();
    }

    /**
     * From now on {@code taker} hears what comes in {@code channel}, and decrypts it, if it is encrypted. Netty's handler of TLS encrypts,
     * and decrypts no more. Event loop only.
     *
     * @return the session, empty where nothing is encrypted and {@code taker} hears nothing
     * @throws IllegalStateException when part of a record has come already
     */
    public static Optional<SSLEngine> takeRecords(Channel channel, Arrivals taker) {
        return TlsRecords.handOver(channel, taker);
    }

    /**
     * Closes the socket of {@code channel} at once, without its other handlers: Vert.x would wait until all answers are written,
     * which the other end may never read. Any thread.
     *
     * @throws IllegalStateException when it has got no event loop yet
     */
    public static void cut(Channel channel) {
        Optional.ofNullable(channel.pipeline().firstContext()).ifPresent(ChannelHandlerContext::close);
    }

    /**
     * Remembers who is at the other end of {@code channel}.
     *
     * @param source the address, also where a proxy is in between
     * @param caller by which it is told from others
     */
    static void name(Channel channel, String source, String caller) {
        channel.attr(SOURCE).set(source);
        channel.attr(CALLER).set(caller);
    }

    /** Writes lines about the caller at the other end of {@code channel}: they leave out none about others. Any thread. */
    public static void tell(Channel channel, Runnable lines) {
        String caller = channel.attr(CALLER).get();
        if (caller == null) {
            lines.run();
        } else {
            CallerAtWork.run(caller, lines);
        }
    }

    /** The address of the caller at the other end of {@code channel}, for the log; of the proxy, where no other is known. Any thread. */
    public static String source(Channel channel) {
        String named = channel.attr(SOURCE).get();
        return named != null ? named : String.valueOf(channel.remoteAddress()).replaceFirst("^.*/", "");
    }
}
