package io.mirrorbootstrap.access;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.Config;

import io.mirrorbootstrap.tls.PemFiles;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.net.PemKeyCertOptions;

/**
 * Files of TLS that are read again while the service runs. Quarkus takes a certificate that is not for its key, by which nobody could
 * connect any more, and says nothing of files that it does not take. So the checks of the start are done at each reload, and where they
 * find a fault nothing of what was read is taken: whoever tells the ports is told of it first, and ends that.
 */
@ApplicationScoped
class CertificateReloads {

    /** A setting of a TLS configuration in letters, digits and single lines between: its spelling in a file and in the environment are one. */
    private static final Pattern OF_CONFIGURATION = Pattern
            .compile("quarkus_tls_(?:(.+?)_)?(?:(?:key|trust)_store_.*|certificate_revocation_list.*|(reload_period))");
    private static final String DEFAULT = "";

    private final Config config;
    private final TlsConfigurationRegistry registry;
    private final TlsInUse inUse;
    private final Vertx vertx;
    private final Map<String, CertificateReload> reloads = new ConcurrentHashMap<>();

    CertificateReloads(Config config, TlsConfigurationRegistry registry, TlsInUse inUse, Vertx vertx) {
        this.config = config;
        this.registry = registry;
        this.inUse = inUse;
        this.vertx = vertx;
    }

    /** Of a reload that fails there is no event. */
    void start(@Observes StartupEvent event) {
        Map<String, Duration> periods = new TreeMap<>();
        config.getPropertyNames().forEach(setting -> {
            Matcher of = OF_CONFIGURATION.matcher(plain(setting));
            if (of.matches() && of.group(2) != null) {
                config.getOptionalValue(setting, Duration.class)
                        .ifPresent(period -> periods.put(nameIn(of), period));
            }
        });
        periods.forEach((name, period) -> {
            CertificateReload reload = of(name);
            AtomicBoolean isLooking = new AtomicBoolean(); // a mount that hangs keeps one worker
            vertx.setPeriodic(period.toMillis(), timer -> {
                if (isLooking.compareAndSet(false, true)) {
                    vertx.executeBlocking(reload::look, false).onComplete(done -> isLooking.set(false));
                }
            });
        });
    }

    /**
     * Before the ports, and on the worker that has read the files.
     *
     * @throws IllegalStateException when they must not have what was read
     */
    void read(@Observes @Priority(1) CertificateUpdatedEvent event) {
        TlsConfiguration read = event.tlsConfiguration();
        boolean isDefault = registry.getDefault().filter(each -> each == read).isPresent();
        if (of(isDefault ? DEFAULT : plain(event.name())).mayTake(flaw(read))) {
            inUse.take(read);
        } else {
            inUse.keep(read);
            throw new IllegalStateException("what was read of the TLS configuration " + event.name() + " is not taken");
        }
    }

    /** What is wrong with what was read: by now the files may have something else. */
    private static Optional<String> flaw(TlsConfiguration read) {
        if (!arePairs(read)) {
            return Optional.of("a certificate and a key were read while their files were changed");
        }
        return read.getSSLOptions().getCrlValues().stream().allMatch(PemFiles::haveRevocations)
                ? Optional.empty()
                : Optional.of("a list of revoked certificates was read while its file was changed");
    }

    private static boolean arePairs(TlsConfiguration read) {
        if (!(read.getKeyStoreOptions() instanceof PemKeyCertOptions pem)) {
            return true; // a store of Java, where a certificate cannot be changed without its key
        }
        for (int i = 0; i < pem.getKeyValues().size(); i++) {
            if (!PemFiles.belong(pem.getCertValues().get(i), pem.getKeyValues().get(i))) {
                return false;
            }
        }
        return true;
    }

    private CertificateReload of(String name) {
        return reloads.computeIfAbsent(name, same -> new CertificateReload(
                name.equals(DEFAULT) ? "quarkus.tls" : "quarkus.tls." + name, filesOf(name)));
    }

    private Map<String, List<String>> filesOf(String name) {
        Map<String, List<String>> files = new TreeMap<>(CertificateFiles.settings(config));
        files.keySet().removeIf(setting -> {
            Matcher of = OF_CONFIGURATION.matcher(plain(setting));
            return !of.matches() || !nameIn(of).equals(name);
        });
        return files;
    }

    private static String nameIn(Matcher setting) {
        return setting.group(1) == null ? DEFAULT : setting.group(1);
    }

    private static String plain(String setting) {
        return setting.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_").replaceAll("^_|_$", "");
    }
}
