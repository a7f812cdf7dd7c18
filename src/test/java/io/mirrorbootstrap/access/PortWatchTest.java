package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;

/** The watch of a port, round by round. */
class PortWatchTest {

    private boolean isFailing;

    /** As where the process can have no further thread, or no memory, for a moment. */
    @Test
    void aRoundThatFailsEndsNoWatch() throws Exception {
        InetSocketAddress closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        PortWatch watch = new PortWatch(() -> {
            if (isFailing) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return Set.of(closed);
        }, new OwnConnections());
        for (int i = 0; i < 4; i++) {
            watch.round();
        }
        isFailing = true;
        watch.round();
        assertEquals(List.of(), watch.deaf());
        isFailing = false;
        watch.round();
        assertEquals(List.of(closed.getPort()), watch.deaf());
    }
}
