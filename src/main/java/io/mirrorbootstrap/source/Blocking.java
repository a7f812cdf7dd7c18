package io.mirrorbootstrap.source;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.vertx.core.Future;

/** The bridge from the event loop to the thread that may wait. */
final class Blocking {

    private Blocking() {
    }

    /**
     * Waits until {@code future} is complete, in either way; not on an event loop. An interrupt ends the waiting and is
     * kept for the caller.
     *
     * @return whether it is complete
     */
    static boolean await(Future<?> future, Duration patience) {
        CountDownLatch done = new CountDownLatch(1);
        future.onComplete(result -> done.countDown());
        try {
            return done.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return future.isComplete();
        }
    }
}
