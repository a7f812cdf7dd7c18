package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.interceptor.Interceptor;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.mirrorbootstrap.mirror.IngestRate;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.SettingsKeys;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.HeaderFile;
import io.quarkus.arc.ClientProxy;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;

/** Has {@link Seeding} run for as long as the process lives, where {@code seed-from} names somebody. */
@ApplicationScoped
class SeedThread {

    private static final Logger LOG = Logger.getLogger(SeedThread.class);

    private static final String KEY = SettingsKeys.PREFIX + "seed-from";

    /** For what has come to become durable; then the process does not wait for it. */
    private static final Duration END_PATIENCE = Duration.ofSeconds(5);

    private final MirrorSettings settings;
    private final ExpectedDatabases expected;
    private final Mirrors mirrors;
    private final StatusBoard board;
    private final RemovedOnRequest removed;
    private final IngestRate rate;
    private final Ending ending = new Ending();
    private SeedUrls urls; // start only
    private Optional<ObjectSettings> objects; // start only
    private Credentials credentials; // start only
    private Optional<Thread> thread = Optional.empty();

    @FunctionalInterface
    private interface Reading {
        void read() throws IOException;
    }

    SeedThread(MirrorSettings settings, ExpectedDatabases expected, Mirrors mirrors, StatusBoard board,
            RemovedOnRequest removed, IngestRate rate) {
        this.settings = settings;
        this.expected = expected;
        this.mirrors = mirrors;
        this.board = board;
        this.removed = removed;
        this.rate = rate;
    }

    /** Before anything is done with other settings, or said of them. */
    void check(@Observes @Priority(2) StartupEvent event) {
        urls = urls(settings.seedFrom().orElse(List.of()));
        objects = ObjectSettings.read(settings, urls, expected.all(), System.getenv());
        credentials = new Credentials(settings.seedTokenFile(), settings.seedCa(), settings.seedCertificate().flatMap(
                certificate -> settings.seedKey().map(key -> new Credentials.Own(certificate, key))));
        if (settings.seedFrom().isPresent()) {
            usable("seed-token-file", credentials::token);
            usable("seed-ca", new Credentials(Optional.empty(), settings.seedCa(), Optional.empty())::check);
            usable("seed-certificate", new Credentials(Optional.empty(), Optional.empty(), credentials.own())::check);
            if (settings.seedHeaderFile().isPresent()) {
                usable("seed-header-file", new HeaderFile(settings.seedHeaderFile().get())::read);
            }
        }
    }

    /** What is read again for each connection, and cannot be used now, is a mistake in the settings. */
    private static void usable(String key, Reading file) {
        try {
            file.read();
        } catch (IOException e) {
            throw new ConfigurationException(SettingsKeys.PREFIX + key + ": " + e.getMessage(), e);
        }
    }

    /** Behind the look at what an earlier process has left. */
    void start(@Observes @Priority(Integer.MAX_VALUE) StartupEvent event) {
        if (settings.seedFrom().orElse(List.of()).isEmpty()) {
            return;
        } else if (expected.count() == 0) {
            LOG.warnf("%s is set, and changes nothing: expected-databases has none", KEY);
            return;
        } else if (urls.lackNumber()) {
            LOG.warnf("%s has {ordinal}, which this machine has not: its name, %s, does not end with a number", KEY,
                    host());
        }
        objects.stream().flatMap(all -> all.readableByOthers(expected.all()).stream()).forEach(server -> LOG.warnf(
                "%sseed-header-file: the headers can be read by all on the way to %s: better use https://",
                SettingsKeys.PREFIX, server));
        SeedLog log = new SeedLog();
        Thread seeding = new Thread(
                new Seeding(expected.all(), new Siblings(urls, credentials, log), new SeedObjects(objects, log), log,
                        ClientProxy.unwrap(mirrors), board, removed, rate, settings.maxChunkBytes(), ending,
                        System::nanoTime),
                "seeding");
        seeding.setDaemon(true);
        seeding.start();
        thread = Optional.of(seeding);
    }

    private static SeedUrls urls(List<String> from) {
        try {
            return new SeedUrls(from, from.isEmpty() ? "" : host());
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(KEY + ": " + e.getMessage());
        }
    }

    private static String host() {
        String named = System.getenv("HOSTNAME");
        if (named != null && !named.isEmpty()) { // else a resolver has to be asked
            return named;
        }
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "";
        }
    }

    /** Before what is kept is made durable. */
    void end(@Observes @Priority(Interceptor.Priority.APPLICATION) ShutdownEvent event) throws InterruptedException {
        if (thread.isPresent()) {
            ending.now();
            thread.get().join(END_PATIENCE.toMillis());
        }
    }
}
