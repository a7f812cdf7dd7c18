package io.mirrorbootstrap.access;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * Stands in a port's pipeline before the handler that sets connections up: takes each accepted connection in, or closes it, and
 * rests the port while it has to. What comes then waits in the kernel, and is not refused. A method that asserts the lock is called
 * with {@link Strangers} locked; the handler's own methods run on the event loop that accepts.
 */
final class Door extends ChannelInboundHandlerAdapter {

    /** After this time a port that could not accept is tried again. */
    private static final long TRY_AGAIN_MILLIS = 1000;

    private final Strangers register;
    private final OwnConnections own;
    private final int mostOfARequest;

    /** Tells when there is no memory to read a connection of this port. Netty closes it without a word. */
    private final ChannelHandler outOfMemory = new OutOfMemory();

    private Channel port;

    // guarded by the register
    private int strangers; // of this port, but for those that are to be cut
    private int cut; // of this port, and not closed yet
    private boolean rests;

    /** @param mostOfARequest how long a record of TLS before a link may be, in bytes */
    Door(Strangers register, OwnConnections own, int mostOfARequest) {
        this.register = register;
        this.own = own;
        this.mostOfARequest = mostOfARequest;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        port = context.channel();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        Channel accepted = (Channel) message;
        Optional<CompletableFuture<Void>> expected = own.take(accepted);
        if (expected.isPresent()) {
            accepted.unsafe().closeForcibly();
            expected.get().complete(null);
        } else if (register.takeIn(accepted, this)) {
            TlsRecords.follow(accepted, mostOfARequest);
            accepted.pipeline().addFirst(outOfMemory);
            context.fireChannelRead(accepted);
        } else {
            accepted.unsafe().closeForcibly();
        }
    }

    @Sharable
    private final class OutOfMemory extends ChannelInboundHandlerAdapter {

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
            if (failure instanceof OutOfMemoryError) {
                register.tellOfFailure("be read", failure);
            }
            context.fireExceptionCaught(failure);
        }
    }

    /** As with no descriptor left: the port is tried again in a while, and the log says so now and then. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        if (!(failure instanceof IOException)) {
            context.fireExceptionCaught(failure);
            return;
        }
        port.config().setAutoRead(false);
        port.eventLoop().schedule(() -> register.goOnAfterFailure(this), TRY_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        register.tellOfFailure("be accepted", failure);
    }

    /** How many strangers of this port there are, but for those that are to be cut. */
    int strangers() {
        assert Thread.holdsLock(register);
        return strangers;
    }

    /** One more stranger. */
    void came() {
        assert Thread.holdsLock(register);
        strangers++;
    }

    /** A stranger is known now, or is closed. */
    void left() {
        assert Thread.holdsLock(register);
        strangers--;
        assert strangers >= 0 : strangers;
    }

    /** A stranger is to be cut. */
    void cutOne() {
        left();
        cut++;
    }

    /** A stranger that was to be cut has asked something, and is not. */
    void pardoned() {
        came();
        closedCut();
    }

    /** A stranger that was cut is closed. */
    void closedCut() {
        assert Thread.holdsLock(register);
        cut--;
        assert cut >= 0 : cut;
    }

    /**
     * Rests the port while cut strangers pile up, as their event loops have not closed them yet, or while nobody may be cut for
     * the next that comes.
     *
     * @param isStuck whether there are too many strangers and each of them waits for its answer
     * @return whether it rests now and did not before
     */
    boolean restIfNeeded(Places places, BooleanSupplier isStuck) {
        assert Thread.holdsLock(register);
        boolean begins = !rests && (cut > places.maxStrangers() / 2 || isStuck.getAsBoolean());
        if (begins) {
            rests = true;
            port.config().setAutoRead(false);
        }
        return begins;
    }

    /**
     * The opposite: not before half of the cut strangers that made it rest are closed.
     *
     * @return whether it rested before and does not now
     */
    boolean goOnIfRested(Places places, BooleanSupplier isStuck) {
        assert Thread.holdsLock(register);
        boolean ends = rests && cut <= places.maxStrangers() / 4 && !isStuck.getAsBoolean();
        if (ends) {
            rests = false;
            port.config().setAutoRead(true);
        }
        return ends;
    }

    /** Accepts again after a failure, unless it rests for another reason. */
    void goOnAfterFailure() {
        assert Thread.holdsLock(register);
        port.config().setAutoRead(!rests);
    }
}
