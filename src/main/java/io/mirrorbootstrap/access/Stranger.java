package io.mirrorbootstrap.access;

import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.CallerId;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * A connection on which nobody is let in yet, and the handler that stands first in its pipeline meanwhile. It counts the bytes that come
 * without a request, and throws away what a stranger sends that is to be cut. A method that asserts the lock is called with
 * {@link Strangers} locked; the handler's own methods run on the connection's event loop.
 */
final class Stranger extends ChannelInboundHandlerAdapter {

    /**
     * How long a stranger that waits for its answer is not cut for others: answers take longer than it takes others to come.
     */
    static final long ANSWER_WITHIN_NANOS = TimeUnit.SECONDS.toNanos(2);

    /**
     * How many bytes a stranger may send without a request: a handshake with certificates, 16 requests. Tiny things cost most, as
     * records of TLS, chunks of a body or requests without a valid path, and nothing further up counts them.
     */
    static final int UNASKED_BYTES = 128 * 1024;

    /** The first byte of a TLS record of that kind. */
    private static final byte TLS_HANDSHAKE = 0x16;

    private final Channel channel;
    private final Door door;
    private final Strangers register;

    // guarded by the register
    private long sinceNanos;
    private boolean hasAsked;
    private int answering; // how many of its requests have no answer yet
    private boolean isKnown;
    private boolean isGone;
    private CallerId caller = CallerId.NOBODY; // until it is known

    /** Whether it is to be cut. Written with the register locked. */
    private volatile boolean isCut;

    /** Whether anything has come from it. Written on its event loop. */
    private volatile boolean isHeard;

    // its event loop only
    private long unaskedBytes;
    private boolean isLetIn; // though it may have found no place among known ones
    private boolean hasLost; // bytes that it has sent

    Stranger(Channel channel, Door door, Strangers register, long nowNanos) {
        this.channel = channel;
        this.door = door;
        this.register = register;
        this.sinceNanos = nowNanos;
    }

    Channel channel() {
        return channel;
    }

    /** The port that it came to. */
    Door door() {
        return door;
    }

    /** Whether bytes that it has sent were thrown away, so that what follows must not be read. Its event loop only. */
    boolean hasLost() {
        return hasLost;
    }

    /** It has made a request. Its event loop only. */
    void asked(long nowNanos) {
        assert Thread.holdsLock(register);
        hasAsked = true;
        answering++;
        unaskedBytes = 0;
        sinceNanos = nowNanos;
        isCut = false;
    }

    /** One of its requests has its answer, or never gets one; false when none waited. */
    boolean answered() {
        assert Thread.holdsLock(register);
        boolean waited = answering > 0;
        answering -= waited ? 1 : 0;
        return waited;
    }

    /** It is let in. Its event loop only. */
    void letIn() {
        isLetIn = true;
    }

    /** It is let in, and has a place that is not taken from it. */
    void becomesKnown(CallerId knownCaller) {
        assert Thread.holdsLock(register);
        isKnown = true;
        caller = knownCaller;
    }

    boolean isKnown() {
        assert Thread.holdsLock(register);
        return isKnown;
    }

    /** Its connection is closed; false when that was said before. */
    boolean goes() {
        assert Thread.holdsLock(register);
        boolean first = !isGone;
        isGone = true;
        return first;
    }

    /** Whose it is, once it is known. */
    CallerId caller() {
        assert Thread.holdsLock(register);
        return caller;
    }

    boolean hasAsked() {
        assert Thread.holdsLock(register);
        return hasAsked;
    }

    /** For how long it has asked nothing: since it came, or since its last request. */
    long nanosSinceAsked(long nowNanos) {
        assert Thread.holdsLock(register);
        return nowNanos - sinceNanos;
    }

    /** Whether it has to wait for the sidecar. A stranger that does not read its answer, or gets none in time, has not. */
    boolean waitsForItsAnswer(long nowNanos) {
        return answering > 0 && channel.isWritable() && nanosSinceAsked(nowNanos) < ANSWER_WITHIN_NANOS;
    }

    /** It is to be cut, unless it asks something before its event loop does that. */
    void sentence() {
        assert Thread.holdsLock(register);
        isCut = true;
    }

    /** Any thread. */
    boolean isHeard() {
        return isHeard;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        boolean isFirst = !isHeard;
        isHeard = true;
        if (!isLetIn && message instanceof ByteBuf bytes) {
            unaskedBytes += bytes.readableBytes();
            if (unaskedBytes > UNASKED_BYTES && !isCut) {
                register.hasHeardTooMuch(this);
            }
        }
        if (isCut && !(isFirst && message instanceof ByteBuf bytes && !isHandshake(bytes))) {
            ReferenceCountUtil.release(message);
            hasLost = true;
        } else {
            context.fireChannelRead(message);
        }
    }

    /** Handshakes of TLS cost most. */
    private static boolean isHandshake(ByteBuf bytes) {
        return bytes.isReadable() && bytes.getByte(bytes.readerIndex()) == TLS_HANDSHAKE;
    }

    /** It reads its answer no more, or again. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        register.goOnIfRested(door);
        context.fireChannelWritabilityChanged();
    }
}
