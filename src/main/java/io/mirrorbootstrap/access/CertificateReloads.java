package io.mirrorbootstrap.access;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.Config;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.Vertx;

/**
 * Files of TLS that are read again while the service runs, in place of Quarkus, which is not told how often ({@link TlsSettings}). It would
 * take a certificate that is not for its key, by which nobody could connect any more, say nothing of files that it does not take, and
 * have one worker more wait for a mount that hangs at each look. Here each configuration has a thread of its own, the checks of the start
 * are done at each reload, and the ports are told only where these find no fault.
 */
@ApplicationScoped
class CertificateReloads {

    /** A setting of a TLS configuration in letters, digits and single lines between: its spelling in a file and in the environment are one. */
    private static final Pattern OF_CONFIGURATION = Pattern
            .compile("quarkus_tls_(?:(.+?)_)?(?:(?:key|trust)_store_.*|certificate_revocation_list.*|(reload_period))");
    private static final Pattern NAME = Pattern.compile("quarkus\\.tls\\.(?:\"([^\"]+)\"|([^.\"]+))\\..*");
    private static final String DEFAULT = "";
    private static final String NAME_OF_DEFAULT = "<default>";

    private static final long LOOK_MILLIS = 1000;

    private final Config config;
    private final TlsConfigurationRegistry registry;
    private final TlsInUse inUse;
    private final Event<CertificateUpdatedEvent> taken;
    private final Vertx vertx;
    private final List<Thread> threads = new ArrayList<>();

    CertificateReloads(Config config, TlsConfigurationRegistry registry, TlsInUse inUse,
            Event<CertificateUpdatedEvent> taken, Vertx vertx) {
        this.config = config;
        this.registry = registry;
        this.inUse = inUse;
        this.taken = taken;
        this.vertx = vertx;
    }

    void start(@Observes StartupEvent event) {
        Map<String, Duration> periods = new TreeMap<>();
        config.getPropertyNames().forEach(setting -> {
            Matcher of = OF_CONFIGURATION.matcher(plain(setting));
            if (of.matches() && of.group(2) != null) {
                period(setting).ifPresent(period -> periods.put(nameIn(of), period));
            }
        });
        periods.forEach(this::start);
    }

    private Optional<Duration> period(String setting) {
        Optional<Duration> period;
        try {
            period = config.getOptionalValue(TlsSettings.AS_SET + setting, Duration.class);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(String.valueOf(e.getMessage()).replace(TlsSettings.AS_SET, ""), e);
        }
        period.filter(each -> each.toMillis() < 1).ifPresent(each -> {
            throw new ConfigurationException(setting + " is " + each + ", it must be at least PT0.001S");
        });
        return period;
    }

    private void start(String plainName, Duration period) {
        String name = plainName.equals(DEFAULT) ? NAME_OF_DEFAULT : nameOf(plainName).orElse(plainName);
        Optional<TlsConfiguration> found = plainName.equals(DEFAULT) ? registry.getDefault() : registry.get(name);
        found.filter(each -> each.getKeyStore() != null || each.getTrustStore() != null).ifPresent(tls -> {
            CertificateReload reload = new CertificateReload(
                    plainName.equals(DEFAULT) ? "quarkus.tls" : "quarkus.tls." + name, tls, filesOf(plainName),
                    files -> CertificateFiles.fault(files, config));
            vertx.setPeriodic(LOOK_MILLIS, timer -> reload.tellIfOverdue());
            Thread thread = new Thread(() -> reloadOn(reload, period, () -> take(name, tls)), "tls-files " + name);
            thread.setDaemon(true); // a read that hangs does not delay the end of the process
            thread.start();
            threads.add(thread);
        });
    }

    @PreDestroy
    void stop() {
        threads.forEach(Thread::interrupt);
    }

    private static void reloadOn(CertificateReload reload, Duration period, Runnable take) {
        try {
            while (!Thread.interrupted()) {
                TimeUnit.MILLISECONDS.sleep(period.toMillis());
                reload.reload(take);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the service ends
        }
    }

    /** Callers are judged by what was read before the ports show it: a connection that is made between is to be let in. */
    private void take(String name, TlsConfiguration tls) {
        inUse.take(tls);
        taken.fire(new CertificateUpdatedEvent(name, tls));
    }

    private Map<String, List<String>> filesOf(String name) {
        Map<String, List<String>> files = new TreeMap<>(CertificateFiles.settings(config));
        files.keySet().removeIf(setting -> {
            Matcher of = OF_CONFIGURATION.matcher(plain(setting));
            return !of.matches() || !nameIn(of).equals(name);
        });
        return files;
    }

    /** A configuration's name as Quarkus has it, which is not known of a setting in the environment. */
    private Optional<String> nameOf(String plainName) {
        List<String> names = new ArrayList<>();
        config.getPropertyNames().forEach(setting -> {
            Matcher name = NAME.matcher(setting);
            if (name.matches()) {
                names.add(name.group(1) == null ? name.group(2) : name.group(1));
            }
        });
        return Stream.concat(names.stream(), Stream.of(plainName))
                .filter(each -> plain(each).equals(plainName) && registry.get(each).isPresent()).findFirst();
    }

    private static String nameIn(Matcher setting) {
        return setting.group(1) == null ? DEFAULT : setting.group(1);
    }

    private static String plain(String setting) {
        return setting.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_").replaceAll("^_|_$", "");
    }
}
