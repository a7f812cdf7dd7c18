package io.mirrorbootstrap.access;

import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.CallerAtWork;
import io.mirrorbootstrap.snapshot.Principal;
import io.netty.channel.embedded.EmbeddedChannel;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;

/** What becomes of connections whose callers would not be let in any more. */
class StandingTest {

    /** For whom each line counts. */
    private static final class Counted extends Handler {

        private final Queue<Optional<String>> callers = new ConcurrentLinkedQueue<>();

        @Override
        public void publish(LogRecord line) {
            callers.add(CallerAtWork.get());
        }

        @Override
        public void flush() {
            // nothing waits
        }

        @Override
        public void close() {
            // nothing is held
        }
    }

    @Test
    void theirLinesCountForEachByItself() {
        Vertx vertx = Vertx.vertx();
        Logger logger = Logger.getLogger(Standing.class.getName());
        Counted counted = new Counted();
        logger.addHandler(counted);
        try {
            Standing standing = new Standing(vertx);
            EmbeddedChannel channel = new EmbeddedChannel();
            Connections.name(channel, "192.0.2.1", "token a");
            standing.letIn(channel, new Caller(Principal.ANYBODY, () -> Optional.of("its token was removed")));
            standing.start(new StartupEvent());
            Awaitility.await().until(() -> counted.callers.contains(Optional.of("token a")));
            standing.end(new ShutdownEvent());
        } finally {
            logger.removeHandler(counted);
            vertx.close();
        }
    }
}
