package io.mirrorbootstrap.access;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Text;
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
 * Of TLS, it bounds the records that bring no bytes. TLS 1.3 lets a client ask for new keys without end, in 27 bytes each; Netty reads
 * on by itself until there is something for those behind it, and holds what is owed for each while the client does not read. So such a
 * connection is cut: nobody needs many new keys before they have read what waits for them.
 * <p>
 * Stands before the handler of TLS, and counts what leaves it. Event loop only.
 */
final class TlsRecords extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = Logger.getLogger(TlsRecords.class);

    /** At most so many bring nothing while something waits to be read by the client. */
    private static final int MOST_EMPTY = 64;

    /** So many are handed on before it is looked at what they have brought. */
    private static final int AT_ONCE = 16;

    private static final int HEADER_BYTES = 5;
    private static final int LENGTH_AT = 3;

    private boolean isFirst = true;

    /** Whether the handler of TLS was there, and has been surrounded. */
    private boolean isFollowed;

    /** Of the header of the record at hand. */
    private int headerHas;
    private int length;
    /** Of the record at hand, bytes that are still to come. */
    private int left;

    private long brought;
    private long empty;

    private TlsRecords() {
    }

    /** Follows the records of {@code channel} from its first byte, should it be encrypted: later nobody can tell where one begins. */
    static void follow(Channel channel) {
        channel.pipeline().addFirst(new TlsRecords());
    }

    /** Behind the handler of TLS: a record that was worth it. */
    private final class Brought extends ChannelInboundHandlerAdapter {

        private boolean isRefused;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            boolean isHttp2 = brought == 0 && !isRefused && !Pipelining.bound(context.pipeline()); // in spite of SpokenHttp
            if (isHttp2) {
                isRefused = true;
                tell(context, ClearText.HTTP_2);
                context.close();
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
                lookForTls(context);
                int at = bytes.readerIndex();
                int records = pass(bytes);
                ByteBuf part = bytes.retainedSlice(at, bytes.readerIndex() - at);
                long before = brought;
                context.fireChannelRead(part);
                empty = isDrained(context.channel()) ? 0 : empty + Math.max(0, records - (brought - before));
                if (empty > MOST_EMPTY) {
                    tell(context, "it asks for new keys and reads nothing");
                    context.close();
                    return;
                }
            }
        } finally {
            bytes.release();
        }
    }

    /** Says why a connection is closed; the log's filter bounds how often. */
    static void tell(ChannelHandlerContext context, String reason) {
        LOG.warnf("closing the connection from %s: %s", Text.field(Connections.source(context.channel())), reason);
    }

    private static boolean isEncrypted(ChannelPipeline pipeline) {
        return pipeline.get(SslHandler.class) != null || pipeline.get(AbstractSniHandler.class) != null;
    }

    /** Not there yet while a client has not said for which name it asks, where there are several certificates. */
    private void lookForTls(ChannelHandlerContext context) {
        ChannelPipeline pipeline = context.pipeline();
        SslHandler tls = isFollowed ? null : pipeline.get(SslHandler.class);
        if (tls != null) {
            isFollowed = true;
            pipeline.addAfter(pipeline.context(tls).name(), null, new Brought());
            EndOfSession.guard(pipeline, () -> tell(context, "it has ended its TLS session, and sends more"));
        }
    }

    /** Moves on behind at most {@link #AT_ONCE} records, and says how many end there. */
    private int pass(ByteBuf bytes) {
        int records = 0;
        while (bytes.isReadable() && records < AT_ONCE) {
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
                records++;
                headerHas = 0;
            }
        }
        return records;
    }

    private static boolean isDrained(Channel channel) {
        return channel.bytesBeforeUnwritable() >= channel.config().getWriteBufferHighWaterMark();
    }
}
