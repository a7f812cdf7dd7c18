package io.mirrorbootstrap.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.StartupEvent;

/** The running service: there is nothing to do but to wait for the end, and to see to it that it comes. */
@Singleton
public final class ServeApplication implements QuarkusApplication {

    private static final Logger LOG = Logger.getLogger(ServeApplication.class);

    /** How long the process may take to end: the links have 7 seconds of it, to become durable. */
    private static final Duration PATIENCE = Duration.ofSeconds(9);

    private static final Duration PATIENCE_FOR_THE_LINE = Duration.ofMillis(200);

    /** What a process has that SIGTERM ended. */
    private static final int TERMINATED = 128 + 15;

    private final ConsoleLog log;
    private final Duration patience;
    private final CountDownLatch ending = new CountDownLatch(1);

    ServeApplication(ConsoleLog log, @ConfigProperty(name = "quarkus.shutdown.delay") Optional<Duration> delay,
            @ConfigProperty(name = "quarkus.shutdown.timeout") Optional<Duration> timeout) {
        this.log = log;
        this.patience = PATIENCE.plus(delay.orElse(Duration.ZERO)).plus(timeout.orElse(Duration.ZERO));
    }

    @Override
    public int run(String... args) {
        Quarkus.waitForExit();
        return ExitCode.COMMITTED.number();
    }

    /** Before the disk is asked for anything: a start that waits for it has to end, too. */
    void start(@Observes @Priority(0) StartupEvent event) {
        if (LaunchMode.current() == LaunchMode.NORMAL) { // else the JVM is not the service's alone
            // from now on, as there may be no thread to be had when it ends
            Thread watch = new Thread(this::haltIfItTakesLong, "end");
            watch.setDaemon(true);
            watch.start();
            // in a start Quarkus waits for its end, and tells nobody
            try {
                Runtime.getRuntime().addShutdownHook(new Thread(ending::countDown, "ending"));
            } catch (IllegalStateException e) {
                ending.countDown(); // it is told to end already
            }
        }
    }

    /** First of all: what comes behind it may wait for an event loop, a worker or a log that does not go on. */
    void end(@Observes @Priority(1) ShutdownDelayInitiatedEvent event) {
        ending.countDown();
    }

    /**
     * A worker that a disk does not let go cannot be interrupted, and to try blocks who tries: Quarkus, as it ends its
     * pool. Nothing is lost by an end like a kill, which can come at any time.
     */
    private void haltIfItTakesLong() {
        try {
            ending.await();
            TimeUnit.NANOSECONDS.sleep(patience.toNanos());
            say();
        } catch (InterruptedException | OutOfMemoryError e) {
            // the end needs no line
        } finally {
            Runtime.getRuntime().halt(TERMINATED);
        }
    }

    /** On a thread of its own, as the log may be what holds up the process. */
    private void say() throws InterruptedException {
        Thread line = new Thread(() -> {
            LOG.warnf("shutting down: it has not ended in %d seconds, as if the disk did not answer: ending without it",
                    patience.toSeconds());
            log.ends();
        }, "last line");
        line.setDaemon(true);
        line.start();
        line.join(PATIENCE_FOR_THE_LINE.toMillis());
    }
}
