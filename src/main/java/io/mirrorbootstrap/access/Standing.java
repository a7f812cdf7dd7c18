package io.mirrorbootstrap.access;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Text;
import io.netty.channel.Channel;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;

/**
 * Asks each second whether each caller that was let in would still be, and ends what it has open if not: a link or a stream of
 * events may last longer than the certificate that let it in. Any thread.
 */
@ApplicationScoped
public class Standing {

    private static final Logger LOG = Logger.getLogger(Standing.class);

    private static final long LOOK_EVERY_MILLIS = 1000;

    /**
     * A connection on which a caller was let in.
     *
     * @param end ends what is open on it, for a reason that is given
     */
    private record Open(Caller caller, Consumer<String> end) {
    }

    private final Map<Channel, Open> open = new ConcurrentHashMap<>();
    private final Vertx vertx;
    private volatile long timer = -1;

    Standing(Vertx vertx) {
        this.vertx = vertx;
    }

    void start(@Observes StartupEvent event) {
        timer = vertx.setPeriodic(LOOK_EVERY_MILLIS, id -> look());
    }

    /** {@code caller} has asked something over {@code channel}. */
    void letIn(Channel channel, Caller caller) {
        Consumer<String> close = reason -> {
            LOG.warnf("closing the connection from %s: %s", Text.field(String.valueOf(channel.remoteAddress())),
                    reason);
            Connections.cut(channel);
        };
        if (open.put(channel, new Open(caller, close)) == null) {
            channel.closeFuture().addListener(closed -> open.remove(channel));
        }
    }

    /** From now on {@code end} ends what is open on {@code channel}: it is called once at most, on any thread, with the reason. */
    public void endWith(Channel channel, Consumer<String> end) {
        open.computeIfPresent(channel, (same, before) -> new Open(before.caller(), end));
    }

    private void look() {
        open.forEach((channel, each) -> {
            try {
                Optional<String> objection = each.caller().objection();
                if (objection.isPresent() && open.remove(channel, each)) {
                    Connections.tell(channel, () -> each.end().accept(objection.get()));
                }
            } catch (RuntimeException | Error e) { // one failure must not stop the look at the others
                LOG.errorf(e, "whether %s is still let in cannot be told, closing it", channel.remoteAddress());
                Connections.cut(channel);
            }
        });
    }

    /** Before the beans go, which a look asks. */
    void end(@Observes ShutdownEvent event) {
        vertx.cancelTimer(timer);
    }
}
