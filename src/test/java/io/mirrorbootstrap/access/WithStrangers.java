package io.mirrorbootstrap.access;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;

/** A port whose strangers are counted, and those who come to it: 12 places, of which 4 may be strangers' of one port. */
class WithStrangers {

    static final int PLACES = 12;
    static final int STRANGERS = 4;

    long nowNanos;
    final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    final Strangers register = new Strangers(PLACES, metrics, () -> nowNanos);
    final EmbeddedChannel port = new EmbeddedChannel(new Door(register, new OwnConnections(), 0));
    final EmbeddedChannel otherPort = new EmbeddedChannel(new Door(register, new OwnConnections(), 0));
    final List<EmbeddedChannel> all = new ArrayList<>();

    @AfterEach
    final void closeAll() {
        all.forEach(EmbeddedChannel::close);
        all.forEach(EmbeddedChannel::runPendingTasks);
    }

    final List<EmbeddedChannel> come(int count) {
        List<EmbeddedChannel> those = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            those.add(come());
        }
        return those;
    }

    final EmbeddedChannel come() {
        return comeTo(port);
    }

    final EmbeddedChannel comeTo(EmbeddedChannel some) {
        EmbeddedChannel accepted = added();
        some.writeInbound(accepted);
        nowNanos++;
        run();
        return accepted;
    }

    final EmbeddedChannel added() {
        EmbeddedChannel accepted = new EmbeddedChannel();
        all.add(accepted);
        return accepted;
    }

    final void ask(Channel channel) {
        register.asked(channel);
    }

    /** Whether a byte that comes on {@code channel} gets past what stands first in its pipeline. */
    static boolean isRead(EmbeddedChannel channel, int first) {
        boolean isRead = channel.writeInbound(Unpooled.wrappedBuffer(new byte[]{(byte) first}));
        channel.releaseInbound();
        return isRead;
    }

    final void say(EmbeddedChannel channel, int bytes) {
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[bytes]));
        channel.releaseInbound();
        run();
    }

    /** What event loops have to do, at once and after the millisecond that who has not been heard is given. */
    final void run() {
        for (EmbeddedChannel each : all) {
            each.runPendingTasks();
            each.advanceTimeBy(1, TimeUnit.MILLISECONDS);
            each.runPendingTasks();
        }
    }

    final List<Boolean> open(List<EmbeddedChannel> channels) {
        return channels.stream().map(this::isOpen).toList();
    }

    final boolean isOpen(EmbeddedChannel channel) {
        run();
        return channel.isOpen();
    }

    final boolean accepts() {
        return port.config().isAutoRead();
    }

    final double cut() {
        return metrics.get("mirror.bootstrap.connections.cut").counter().count();
    }
}
