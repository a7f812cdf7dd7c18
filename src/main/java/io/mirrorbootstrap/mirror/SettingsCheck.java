package io.mirrorbootstrap.mirror;

import java.time.Duration;
import java.util.List;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;

import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;

/** Stops the start on a value out of range, before anything is made of it, with one line that names the key. */
@ApplicationScoped
class SettingsCheck {

    private static final Logger LOG = Logger.getLogger(SettingsCheck.class);

    /** Twice as much, and the envelope, must fit a frame's length as an {@code int}. */
    private static final long MAX_CHUNK_BYTES = 512L * 1024 * 1024;

    void check(@Observes @Priority(1) StartupEvent event, MirrorSettings settings) {
        inRange("max-chunk-bytes", settings.maxChunkBytes().asLongValue(), 1, MAX_CHUNK_BYTES);
        inRange("window-bytes", settings.windowBytes().asLongValue(), 1, Long.MAX_VALUE);
        inRange("buffer-bytes", settings.bufferBytes().asLongValue(), 1, Long.MAX_VALUE);
        inRange("checkpoint-bytes", settings.checkpointBytes().asLongValue(), 1, Long.MAX_VALUE);
        inRange("disk-reserve-bytes", settings.diskReserveBytes().asLongValue(), 0, Long.MAX_VALUE);
        inRange("max-bootstraps", settings.maxBootstraps(), 1, 10_000);
        inRange("max-links", settings.maxLinks(), 1, 10_000);
        Shares shares = Shares.of(settings);
        inRange("max-bootstraps-per-caller", shares.bootstraps(), 1, settings.maxBootstraps());
        inRange("max-links-per-caller", shares.links(), 1, settings.maxLinks());
        inRange("max-databases-per-caller", shares.databases(), 1, StatusBoard.MAX_ROWS);
        inRange("ingest-rate-bytes-per-second", settings.ingestRateBytesPerSecond().asLongValue(), 0, Long.MAX_VALUE);
        settings.expectedDatabases().orElse(List.of()).stream().filter(name -> !DatabaseId.isValid(name)).findFirst()
                .ifPresent(name -> {
                    throw new ConfigurationException("mirror-bootstrap.expected-databases has " + Text.quoted(name)
                            + ", it must be " + DatabaseId.RULE);
                });
        positive("idle-timeout", settings.idleTimeout());
        positive("partial-retention", settings.partialRetention());
    }

    /** Of a start that a wrong value stops there is one line to read: this is told when all values are known to be right. */
    void tell(@Observes @Priority(Interceptor.Priority.APPLICATION) StartupEvent event, Config config) {
        SettingsKeys.mistyped(config).forEach(LOG::warn);
    }

    private static void positive(String key, Duration value) {
        if (value.toMillis() < 1) {
            throw new ConfigurationException(
                    "mirror-bootstrap." + key + " is " + value + ", it must be 1 millisecond or more");
        }
    }

    private static void inRange(String key, long value, long min, long max) {
        if (value < min || value > max) {
            throw new ConfigurationException(
                    "mirror-bootstrap." + key + " is " + value + ", it must be from " + min + " to " + max);
        }
    }
}
