package io.mirrorbootstrap.mirror;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;

import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySize;

/** Stops the start on a value out of range, before anything is made of it, with one line that names the key. */
@ApplicationScoped
class SettingsCheck {

    private static final Logger LOG = Logger.getLogger(SettingsCheck.class);

    private static final String OWN = SettingsKeys.PREFIX;

    /** Twice as much, and the envelope, must fit a frame's length as an {@code int}. */
    private static final long MAX_CHUNK_BYTES = 512L * 1024 * 1024;

    /** A disk that hangs holds up a worker for each, and the others of `quarkus.thread-pool.max-threads` are for all else. */
    private static final int MAX_DOWNLOADS = 32;

    void check(@Observes @Priority(1) StartupEvent event, MirrorSettings settings, Config config) {
        inRange(OWN + "max-chunk-bytes", settings.maxChunkBytes(), 1, MAX_CHUNK_BYTES);
        inRange(OWN + "window-bytes", settings.windowBytes(), 1, Long.MAX_VALUE);
        inRange(OWN + "buffer-bytes", settings.bufferBytes(), 1, Long.MAX_VALUE);
        inRange(OWN + "checkpoint-bytes", settings.checkpointBytes(), 1, Long.MAX_VALUE);
        inRange(OWN + "disk-reserve-bytes", settings.diskReserveBytes(), 0, Long.MAX_VALUE);
        inRange(OWN + "max-bootstraps", settings.maxBootstraps(), 1, 10_000);
        inRange(OWN + "max-links", settings.maxLinks(), 1, 10_000);
        Shares shares = Shares.of(settings);
        inRange(OWN + "max-bootstraps-per-caller", shares.bootstraps(), 1, settings.maxBootstraps());
        inRange(OWN + "max-links-per-caller", shares.links(), 1, settings.maxLinks());
        inRange(OWN + "max-databases-per-caller", shares.databases(), 1, StatusBoard.MAX_ROWS);
        inRange(OWN + "ingest-rate-bytes-per-second", settings.ingestRateBytesPerSecond(), 0, Long.MAX_VALUE);
        inRange(OWN + "max-downloads", settings.maxDownloads(), 0, MAX_DOWNLOADS);
        inRange(OWN + "egress-rate-bytes-per-second", settings.egressRateBytesPerSecond(), 0, Long.MAX_VALUE);
        inRange(OWN + "metrics-databases", settings.metricsDatabases(), 0, StatusBoard.MAX_ROWS);
        inRange(OWN + "idle-timeout", settings.idleTimeout(), "1MS", "P1D");
        inRange(OWN + "partial-retention", settings.partialRetention(), "1MS", "P36500D");
        inRange(OWN + "stream-retention", settings.streamRetention(), "1MS", "P36500D");
        both(OWN + "seed-certificate", settings.seedCertificate(), OWN + "seed-key", settings.seedKey());
        List.of("quarkus.http.", "quarkus.management.").forEach(port -> checkPort(port, config));
    }

    /** One alone would be passed over without a word. */
    private static void both(String key, Optional<?> value, String otherKey, Optional<?> other) {
        if (value.isPresent() != other.isPresent()) {
            throw new ConfigurationException((value.isPresent() ? key : otherKey) + " is set, and "
                    + (value.isPresent() ? otherKey : key) + " is not: a certificate and its key are shown together");
        }
    }

    /** Quarkus makes an {@code int} of each of these, of the time in milliseconds, and fails without a word about the key. */
    private static void checkPort(String port, Config config) {
        String idle = port + "idle-timeout";
        config.getOptionalValue(idle, Duration.class).ifPresent(value -> inRange(idle, value, "0S", "P1D"));
        String headers = port + "limits.max-header-size";
        config.getOptionalValue(headers, MemorySize.class).map(MemorySize::asBigInteger).ifPresent(
                value -> inRange(headers, value, value.bitLength() < Integer.SIZE, 0, Integer.MAX_VALUE));
    }

    /** Of a start that a wrong value stops there is one line to read: this is told when all values are known to be right. */
    void tell(@Observes @Priority(Interceptor.Priority.APPLICATION) StartupEvent event, Config config) {
        SettingsKeys.mistyped(config).forEach(LOG::warn);
    }

    private static void inRange(String key, long value, long min, long max) {
        inRange(key, value, value >= min && value <= max, min, max);
    }

    private static void inRange(String key, Duration value, String min, String max) {
        boolean isInRange = value.compareTo(DurationConverter.parseDuration(min)) >= 0
                && value.compareTo(DurationConverter.parseDuration(max)) <= 0;
        inRange(key, value, isInRange, min, max);
    }

    private static void inRange(String key, Object value, boolean isInRange, Object min, Object max) {
        if (!isInRange) {
            throw new ConfigurationException(key + " is " + value + ", it must be from " + min + " to " + max);
        }
    }
}
