package io.mirrorbootstrap.access;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.store.Reason;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;

/**
 * Finds a port that has stopped accepting: a probe that is answered on one port says nothing of the others. On a thread of its
 * own, it connects to each port from this machine, every few seconds; such a connection takes no place, and is closed where it
 * is accepted ({@link OwnConnections}). One attempt says little on a busy machine, so several in a row must fail.
 */
@ApplicationScoped
public class PortWatch {

    private static final Logger LOG = Logger.getLogger(PortWatch.class);

    private static final long EVERY_MILLIS = 3000;
    private static final int PATIENCE_MILLIS = 2000;
    private static final int ATTEMPTS = 5;

    private final Supplier<Set<InetSocketAddress>> ports;
    private final OwnConnections own;
    private final Thread thread = new Thread(this::watch, "port-watch");
    private final Map<InetSocketAddress, Integer> failures = new ConcurrentHashMap<>();
    /** Once: what there is just too little of comes and goes with each look. The thread's own. */
    private boolean isToldOfBlindness;

    @Inject
    PortWatch(Ports ports, OwnConnections own) {
        this(ports::addresses, own);
    }

    /** @param ports that should accept connections now */
    PortWatch(Supplier<Set<InetSocketAddress>> ports, OwnConnections own) {
        this.ports = ports;
        this.own = own;
    }

    /** The numbers of the ports that should accept connections, and do not. Any thread. */
    public List<Integer> deaf() {
        return failures.entrySet().stream().filter(each -> each.getValue() >= ATTEMPTS)
                .map(each -> each.getKey().getPort())
                .sorted().toList();
    }

    void start(@Observes StartupEvent event) {
        thread.setDaemon(true);
        thread.start();
    }

    /** From now on ports are closed on purpose. */
    void end(@Observes ShutdownDelayInitiatedEvent event) {
        close();
    }

    void end(@Observes ShutdownEvent event) {
        close();
    }

    @PreDestroy
    void close() {
        thread.interrupt();
    }

    private void watch() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
                round();
            }
        } catch (InterruptedException e) {
            failures.clear(); // ending is no reason to be killed
        }
    }

    /**
     * Looks at each port once. The watch goes on whatever fails in it: what it has found would else be told for ever.
     *
     * @throws InterruptedException when the process is ending
     */
    void round() throws InterruptedException {
        try {
            for (InetSocketAddress port : ports.get()) {
                look(port);
            }
        } catch (RuntimeException | Error e) {
            tellBlindness(e);
        }
    }

    private void note(InetSocketAddress port, boolean accepts) {
        int before = accepts ? failures.getOrDefault(port, 0) : failures.merge(port, 1, Integer::sum);
        if (accepts) {
            failures.remove(port);
        }
        if (accepts && before >= ATTEMPTS) {
            LOG.infof("port %d accepts connections again", port.getPort());
        } else if (!accepts && before == ATTEMPTS) {
            LOG.errorf("port %d does not accept connections any more: the sidecar is not alive", port.getPort());
        }
    }

    /** Where this end has no socket or no port of its own, nothing is known of the other, and nothing is noted. */
    private void look(InetSocketAddress port) throws InterruptedException {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(0));
            note(port, accepts(port, socket));
        } catch (IOException e) {
            tellBlindness(e);
        }
    }

    private void tellBlindness(Throwable e) {
        if (!isToldOfBlindness) {
            LOG.warnf(
                    "whether ports accept connections cannot be looked at: there is no connection to be had for it: %s",
                    Reason.of(e));
        }
        isToldOfBlindness = true;
    }

    private boolean accepts(InetSocketAddress port, Socket socket) throws InterruptedException {
        InetAddress address = port.getAddress().isAnyLocalAddress()
                ? InetAddress.getLoopbackAddress()
                : port.getAddress();
        int from = socket.getLocalPort();
        try {
            CompletableFuture<Void> accepted = own.expect(from);
            socket.connect(new InetSocketAddress(address, port.getPort()), PATIENCE_MILLIS);
            accepted.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (IOException | TimeoutException | ExecutionException e) {
            return false;
        } finally {
            own.forget(from);
        }
    }
}
