package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.embedded.EmbeddedChannel;

/** Connections that come while the ports close. */
class ShutDoorTest {

    private final Strangers register = new Strangers(12, new SimpleMeterRegistry(), () -> 0);
    private final EmbeddedChannel port = new EmbeddedChannel(new Door(register, new OwnConnections(), 0));

    @Test
    void whoComesWhenItIsShutIsClosedAndHandedToNobody() {
        EmbeddedChannel before = new EmbeddedChannel();
        port.writeInbound(before);
        register.shut();
        EmbeddedChannel behind = new EmbeddedChannel();
        port.writeInbound(behind);

        assertFalse(behind.isOpen());
        assertSame(before, port.readInbound());
        assertNull(port.readInbound());
        assertTrue(before.isOpen());
        before.close();
    }
}
