package io.mirrorbootstrap.access;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Text;
import io.netty.channel.Channel;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;

/**
 * Asks each second whether those who were let in still would be, and ends what they have open when not: a link or a stream of
 * events lasts for hours, its certificate perhaps does not. Any thread.
 */
@ApplicationScoped
public class Standing {

    private static final Logger LOG = Logger.getLogger(Standing.class);

    private static final long LOOK_EVERY_MILLIS = 1000;

    /**
     * A connection on which somebody was let in.
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

    /** What is open on {@code channel} is ended by {@code end} from now on, which is called once, on any thread. */
    public void endWith(Channel channel, Consumer<String> end) {
        open.computeIfPresent(channel, (same, before) -> new Open(before.caller(), end));
    }

    private void look() {
        open.forEach((channel, each) -> {
            try {
                Optional<String> objection = each.caller().objection();
                if (objection.isPresent() && open.remove(channel, each)) {
                    each.end().accept(objection.get());
                }
            } catch (RuntimeException | Error e) { // one must not keep the others
                LOG.errorf(e, "whether %s is still let in cannot be told, closing it", channel.remoteAddress());
                Connections.cut(channel);
            }
        });
    }

    @PreDestroy
    void close() {
        vertx.cancelTimer(timer);
    }
}
