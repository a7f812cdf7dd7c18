package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;

class DialerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Dialer dialer = new Dialer(Endpoint.parse("http://localhost:1"), Optional.empty());

    @AfterEach
    void close() {
        dialer.close();
    }

    @Test
    void anAttemptIsMadeOnTheEventLoopSoThatNothingOvertakesIt() {
        Future<Boolean> isOnLoop = dialer.onLoop(() -> Future.succeededFuture(Context.isOnEventLoopThread()));
        assertTrue(Blocking.await(isOnLoop, PATIENCE));
        assertTrue(isOnLoop.result());
    }

    @Test
    void anAddressThatDoesNotAnswerIsGivenUpBeforeTheNextIsTried() throws Exception {
        List<String> done = new CopyOnWriteArrayList<>();
        Promise<String> tooLate = Promise.promise();
        assertEquals("here", dialer.dial(Duration.ofSeconds(1), time -> {
            done.add("begin");
            return new Dialer.Attempt<>(done.size() == 1 ? tooLate.future() : Future.succeededFuture("here"), () -> {
                done.add("end");
                return Future.succeededFuture();
            });
        }));
        assertEquals(List.of("begin", "end", "begin"), done);
    }

    @Test
    void anAttemptThatThrowsHasFailed() {
        IllegalStateException failure = new IllegalStateException("no");
        Future<Boolean> attempt = dialer.onLoop(() -> {
            throw failure;
        });
        assertTrue(Blocking.await(attempt, PATIENCE));
        assertEquals(failure, attempt.cause());
    }
}
