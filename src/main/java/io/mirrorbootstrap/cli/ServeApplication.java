package io.mirrorbootstrap.cli;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import org.jboss.logging.Logger;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownEvent;

/** The running service: there is nothing to do but to wait for the end, and to see to it that it comes. */
@Singleton
public final class ServeApplication implements QuarkusApplication {

    private static final Logger LOG = Logger.getLogger(ServeApplication.class);

    /** How long the process may take to end when the links have had their time. */
    private static final long LINGERING_SECONDS = 2;

    /** What a process has that SIGTERM ended. */
    private static final int TERMINATED = 128 + 15;

    private volatile boolean serving;

    @Override
    public int run(String... args) {
        serving = true;
        Quarkus.waitForExit();
        return ExitCode.COMMITTED.number();
    }

    /**
     * A worker that a disk does not let go cannot be interrupted, and to try blocks who tries: Quarkus, as it ends its
     * pool. Nothing is lost by an end like a kill, which can come at any time.
     */
    void end(@Observes ShutdownEvent event) {
        if (serving && LaunchMode.current() == LaunchMode.NORMAL) { // else the JVM is not the service's alone
            CompletableFuture.delayedExecutor(LINGERING_SECONDS, TimeUnit.SECONDS, Runnable::run).execute(() -> {
                LOG.warnf(
                        "shutting down: it has not ended in %d seconds, as if the disk did not answer: ending without it",
                        LINGERING_SECONDS);
                Runtime.getRuntime().halt(TERMINATED);
            });
        }
    }
}
