package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.vertx.core.Context;
import io.vertx.core.Future;

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
    void anAttemptThatThrowsHasFailed() {
        IllegalStateException failure = new IllegalStateException("no");
        Future<Boolean> attempt = dialer.onLoop(() -> {
            throw failure;
        });
        assertTrue(Blocking.await(attempt, PATIENCE));
        assertEquals(failure, attempt.cause());
    }
}
