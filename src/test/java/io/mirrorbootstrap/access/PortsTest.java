package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.impl.NetSocketInternal;

/** Who connects all the time while a port is opened. */
@Timeout(120)
class PortsTest {

    private static final int ROUNDS = 30;
    private static final MemorySize HEADERS = new MemorySize(BigInteger.valueOf(4096));

    private final AtomicInteger withDoor = new AtomicInteger();
    private final AtomicInteger without = new AtomicInteger();
    private volatile boolean isOver;

    @Test
    void nobodyIsAcceptedBeforeThereIsADoor() throws Exception {
        int port = freePort();
        List<Thread> strangers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            strangers.add(new Thread(() -> connectAgainAndAgain(port)));
        }
        strangers.forEach(Thread::start);
        try {
            for (int i = 0; i < ROUNDS; i++) {
                open(port);
            }
        } finally {
            isOver = true;
            for (Thread each : strangers) {
                each.join();
            }
        }
        assertEquals(0, without.get(), () -> "besides " + withDoor);
    }

    /** As at each start, and until somebody has come. */
    private void open(int port) throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            Ports ports = new Ports(vertx, new Strangers(10_000, new SimpleMeterRegistry(), System::nanoTime),
                    new OwnConnections(), Optional.empty(), HEADERS, HEADERS);
            ports.start(new StartupEvent());
            CountDownLatch come = new CountDownLatch(1);
            NetServer server = vertx.createNetServer().connectHandler(socket -> {
                boolean isGuarded = ((NetSocketInternal) socket).channelHandlerContext().pipeline()
                        .get(Stranger.class) != null;
                (isGuarded ? withDoor : without).incrementAndGet();
                come.countDown();
                socket.close();
            });
            server.listen(port, "127.0.0.1").toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
            assertTrue(come.await(30, TimeUnit.SECONDS), "nobody is accepted");
            ports.end(new ShutdownEvent());
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
    }

    private void connectAgainAndAgain(int port) {
        while (!isOver) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.getInputStream().read();
            } catch (IOException e) {
                Thread.onSpinWait(); // it is not open yet, or not any more
            }
        }
    }

    /** Not one of those that the kernel gives to who connects: a socket that looks for nobody there would at last meet itself. */
    private static int freePort() {
        for (int port = 20_000;; port++) {
            try (ServerSocket any = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return any.getLocalPort();
            } catch (IOException e) {
                continue; // somebody has it
            }
        }
    }
}
