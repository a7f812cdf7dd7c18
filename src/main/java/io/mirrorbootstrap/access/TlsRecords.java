package io.mirrorbootstrap.access;

import java.util.Optional;
import java.util.OptionalInt;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.tls.EmptyRecords;
import io.mirrorbootstrap.tls.EndOfSession;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;

/**
 * Bounds what a connection keeps below HTTP, and lets {@link Pipelining} bound what it keeps above that.
 * <p>
 * Of TLS, it bounds the records that bring no bytes ({@link EmptyRecords}): Netty reads on by itself until there is something for those
 * behind it, and holds what is owed for each while the client does not read. A connection with too many is cut.
 * <p>
 * Stands before the handler of TLS, and counts what leaves it, until somebody else decrypts ({@link Connections#takeRecords}). Event
 * loop only.
 */
final class TlsRecords extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = Logger.getLogger(TlsRecords.class);

    /** What a request has beside its headers, in bytes: nobody reads a body. */
    private static final int MOST_BESIDE_HEADERS = 1024;

    /** The longest record of TLS, in bytes of what is in it. */
    private static final int LONGEST_RECORD = 16 * 1024;

    /**
     * As much as comes of a handshake before the server has answered, in bytes: a session that is taken up brings the certificates of its
     * client. What a stranger names in it takes forty times its length.
     */
    private static final int MOST_OF_A_HELLO = 10 * 1024;

    /** As much as ends a handshake of TLS 1.3 where no certificate is asked for, in bytes: 80, unless it is padded. */
    private static final int MOST_OF_AN_END = 512;

    /**
     * As much where one is, in bytes: three certificates with keys of 4096 bits, and what proves that the key is there. Read, names of
     * certificates take fifty times their length. Whether a client has to show one, or takes up a session, nobody can see here.
     */
    private static final int MOST_OF_A_PROOF = 8 * 1024;

    private static final String TLS_1_3 = "TLSv1.3";

    private static final int HEADER_BYTES = 5;
    private static final int LENGTH_AT = 3;

    private final int mostOfARequest;

    private boolean isFirst = true;

    /** The handler of TLS, which has been surrounded. */
    private Optional<SslHandler> tls = Optional.empty();

    /** Of the header of the record at hand. */
    private int headerHas;
    private int length;
    /** Of the record at hand, bytes that are still to come. */
    private int left;

    /** Whether the server has answered in the handshake. */
    private boolean isAnswered;
    /** Of the handshake, before it was answered or since, in bytes. */
    private int ofHandshake;

    private long brought;
    private final EmptyRecords empty = new EmptyRecords();

    /** Gets the records in place of the handler of TLS. */
    private Optional<Connections.Arrivals> taker = Optional.empty();

    private TlsRecords(int mostOfARequest) {
        this.mostOfARequest = mostOfARequest;
    }

    /**
     * The longest record before a link, in bytes: a client may put all headers into one. Java takes thousands of requests for new keys in a
     * record of 16 KiB, for which it works a fifth of a second, before anybody can count them.
     */
    static int mostOfARequest(long headerBytes) {
        return (int) Math.min(headerBytes, LONGEST_RECORD) + MOST_BESIDE_HEADERS;
    }

    /**
     * Follows the records of {@code channel} from its first byte, should it be encrypted: later nobody can tell where one begins. Behind
     * its {@link Stranger}, which has each read whole, and throws away what is then no record.
     *
     * @param mostOfARequest as {@link #mostOfARequest} says
     */
    static void follow(Channel channel, int mostOfARequest) {
        ChannelHandlerContext stranger = channel.pipeline().context(Stranger.class);
        if (stranger == null) {
            channel.pipeline().addFirst(new TlsRecords(mostOfARequest));
        } else {
            channel.pipeline().addAfter(stranger.name(), null, new TlsRecords(mostOfARequest));
        }
    }

    /** As {@link Connections#takeRecords}. */
    static Optional<SSLEngine> handOver(Channel channel, Connections.Arrivals taker) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            return Optional.empty();
        }
        if (channel.pipeline().get(TlsRecords.class) == null) { // accepted before its port had a Door
            follow(channel, 0); // no request comes behind the upgrade
        }
        TlsRecords records = channel.pipeline().get(TlsRecords.class);
        if (records.headerHas > 0) {
            throw new IllegalStateException("part of a record has come, which the handler of TLS has");
        }
        records.taker = Optional.of(taker);
        return Optional.of(tls.engine());
    }

    /** Behind the handler of TLS: a record that was worth it. */
    private final class Brought extends ChannelInboundHandlerAdapter {

        private boolean isRefused;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            boolean isHttp2 = brought == 0 && !isRefused && !Pipelining.bound(context.pipeline()); // in spite of SpokenHttp
            if (isHttp2) {
                isRefused = true;
                close(context, ClearText.HTTP_2);
            }
            if (isRefused) { // also what comes until TLS is ended
                ReferenceCountUtil.release(message);
                return;
            }
            brought++;
            context.fireChannelRead(message);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (isFirst && !isEncrypted(context.pipeline())) {
            ClearText.readAsHttp1(context.pipeline(), context.name());
            context.fireChannelRead(message);
            context.pipeline().remove(this);
            return;
        }
        isFirst = false;
        ByteBuf bytes = (ByteBuf) message;
        try {
            while (bytes.isReadable()) {
                if (taker.isPresent()) {
                    taker.get().arrived(bytes.retain());
                    return;
                }
                lookForTls(context);
                int at = bytes.readerIndex();
                OptionalInt record = pass(bytes);
                ByteBuf part = bytes.retainedSlice(at, bytes.readerIndex() - at);
                boolean isInSession = tls.filter(handler -> handler.handshakeFuture().isSuccess()).isPresent();
                int most = most(isInSession);
                if ((record.isPresent() || headerHas == HEADER_BYTES) && length > most) {
                    part.release();
                    close(context, "a TLS record of " + length + " bytes, where at most " + most + " are expected");
                    return;
                }
                ofHandshake += !isInSession && record.isPresent() ? length : 0;
                long before = brought;
                context.fireChannelRead(part);
                if (isInSession && record.isPresent() && brought == before && !empty.mayCome(record.getAsInt())) {
                    close(context, "it asks for new keys again and again");
                    return;
                }
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        taker.ifPresentOrElse(Connections.Arrivals::arrivedAll, context::fireChannelReadComplete);
    }

    /** The handler of TLS does not hear of it once it decrypts no more: it would end the session, of which something may be left to read. */
    @Override
    public void channelInactive(ChannelHandlerContext context) {
        (taker.isPresent() ? context.pipeline().context(SslHandler.class) : context).fireChannelInactive();
    }

    /** Closes a connection, and says why. */
    static void close(ChannelHandlerContext context, String reason) {
        tell(context, reason);
        context.close();
    }

    /** Says why a connection is closed; the log's filter bounds how often. */
    private static void tell(ChannelHandlerContext context, String reason) {
        Connections.tell(context.channel(), () -> LOG.warnf("closing the connection from %s: %s",
                Text.field(Connections.source(context.channel())), reason));
    }

    private static boolean isEncrypted(ChannelPipeline pipeline) {
        return pipeline.get(SslHandler.class) != null || pipeline.get(AbstractSniHandler.class) != null;
    }

    /** Not there yet while a client has not said for which name it asks, where there are several certificates. */
    private void lookForTls(ChannelHandlerContext context) {
        ChannelPipeline pipeline = context.pipeline();
        if (tls.isEmpty() && pipeline.get(SslHandler.class) != null) {
            tls = Optional.of(pipeline.get(SslHandler.class));
            pipeline.addAfter(pipeline.context(SslHandler.class).name(), null, new Brought());
            EndOfSession.guard(pipeline, () -> tell(context, "it has ended its TLS session, and sends more"));
        }
    }

    /** How long the record at hand may be, in bytes. */
    private int most(boolean isInSession) {
        return isInSession ? mostOfARequest : Math.max(0, mostOfHandshake() - ofHandshake);
    }

    /** Of the part of the handshake at hand, whatever headers call its records: Java takes each for the encrypted one that is due. */
    private int mostOfHandshake() {
        Optional<SSLEngine> engine = tls.map(SslHandler::engine);
        Optional<String> answered = engine.map(SSLEngine::getHandshakeSession).map(SSLSession::getProtocol);
        if (answered.isEmpty()) {
            return MOST_OF_A_HELLO;
        } else if (!isAnswered) {
            isAnswered = true;
            ofHandshake = 0;
        }
        return answered.get().equals(TLS_1_3)
                && engine.filter(each -> each.getNeedClientAuth() || each.getWantClientAuth()).isEmpty()
                        ? MOST_OF_AN_END
                        : MOST_OF_A_PROOF;
    }

    /** Moves on to the end of the record at hand, and says how long that was; empty where it is not whole yet. */
    private OptionalInt pass(ByteBuf bytes) {
        while (bytes.isReadable()) {
            if (headerHas < HEADER_BYTES) {
                int next = bytes.readUnsignedByte();
                length = headerHas < LENGTH_AT ? 0 : length << Byte.SIZE | next;
                headerHas++;
                left = length;
            } else {
                int here = Math.min(left, bytes.readableBytes());
                bytes.skipBytes(here);
                left -= here;
            }
            if (headerHas == HEADER_BYTES && left == 0) {
                headerHas = 0;
                return OptionalInt.of(HEADER_BYTES + length);
            }
        }
        return OptionalInt.empty();
    }
}
