package io.mirrorbootstrap.api;

import java.time.Duration;

import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Context;
import io.vertx.core.Vertx;

/** The event loop of a request, by its Vert.x context. */
record ContextLoop(Vertx vertx, Context context) implements Watch.Loop {

    /** The one that this runs on. Event loop only. */
    static ContextLoop here(Vertx vertx) {
        assert Context.isOnEventLoopThread();
        return new ContextLoop(vertx, Vertx.currentContext());
    }

    @Override
    public void execute(Runnable action) {
        context.runOnContext(any -> action.run());
    }

    @Override
    public Cancellable later(Duration wait, Runnable action) {
        assert Context.isOnEventLoopThread();
        long timer = vertx.setTimer(wait.toMillis(), any -> action.run());
        return () -> vertx.cancelTimer(timer);
    }
}
