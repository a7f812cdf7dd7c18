package io.mirrorbootstrap.access;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.Config;

import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.tls.PemFiles;
import io.mirrorbootstrap.tls.StoreFiles;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;

/**
 * Faults of the files that the settings of TLS name. With some faults the service does not start, and Quarkus does not say which
 * file it is; with others, as a key of another certificate, it would start, and nobody could connect.
 */
@ApplicationScoped
public class CertificateFiles {

    private static final Pattern CERTIFICATES = Pattern
            .compile("(?i)quarkus[._](tls|http)[._].*(pem[._].*[._]cert|certs|certificate[._]files)(\\[\\d+])?");
    private static final Pattern KEY = Pattern
            .compile("(?i)(quarkus[._](?:tls|http)[._].*)(pem[._].*[._]key|certificate[._]key[._-]files)(\\[\\d+])?");
    private static final Pattern REVOCATIONS = Pattern
            .compile("(?i)quarkus[._]tls[._](?:.*[._])?certificate[._-]revocation[._-]list(\\[\\d+])?");

    private static final Pattern STORE = Pattern
            .compile("(?i)(quarkus[._]tls[._].*store[._](p12|jks)[._])path");
    private static final Map<String, String> TYPES = Map.of("p12", "PKCS12", "jks", "JKS");
    private static final Pattern DIRECTORY = Pattern
            .compile("(?i)quarkus[._]tls[._].*pem[._]cert[._-]dirs(\\[\\d+])?");

    private static final Pattern LIST = Pattern.compile("(?i)(certs|files|list|dirs)$");

    private final Config config;

    CertificateFiles(Config config) {
        this.config = config;
    }

    void check(@Observes @Priority(2) StartupEvent event) {
        fault(config).ifPresent(fault -> {
            throw new ConfigurationException(fault);
        });
    }

    /** A line that names the setting, the file and what is wrong with it; empty when no fault is found. */
    public static Optional<String> fault(Config config) {
        return fault(settings(config), config);
    }

    /** The settings that name files, with these. */
    static Map<String, List<String>> settings(Config config) {
        Map<String, List<String>> settings = new TreeMap<>(); // in capitals, as of the environment, first: so the operator has set them
        config.getPropertyNames().forEach(name -> {
            if (Stream.of(CERTIFICATES, KEY, REVOCATIONS, STORE, DIRECTORY)
                    .anyMatch(each -> each.matcher(name).matches())) {
                config.getOptionalValue(name, String.class).ifPresent(value -> settings.put(name,
                        LIST.matcher(name).find()
                                ? Stream.of(value.split("(?<!\\\\),")).map(String::strip)
                                        .filter(file -> !file.isEmpty()).toList()
                                : List.of(value)));
            }
        });
        return settings;
    }

    /**
     * Such a line about these files alone. Not on an event loop.
     *
     * @param settings of {@link #settings}, with the key of each certificate and the certificate of each key
     * @param config has the passwords of stores
     */
    static Optional<String> fault(Map<String, List<String>> settings, Config config) {
        return settings.entrySet().stream()
                .flatMap(each -> fault(each.getKey(), each.getValue(), settings, config).stream()).findFirst();
    }

    private static Optional<String> fault(String name, List<String> files, Map<String, List<String>> settings,
            Config config) {
        Matcher key = KEY.matcher(name);
        List<String> certificates = key.matches() ? settings.getOrDefault(certificatesOf(key), List.of()) : List.of();
        for (int i = 0; i < files.size(); i++) {
            try {
                Path file = Path.of(files.get(i));
                if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
                    continue; // a pipe was read already, and to read it again would wait
                }
                if (!key.matches()) {
                    check(name, file, config);
                } else if (i < certificates.size()) {
                    PemFiles.checkPair(Path.of(certificates.get(i)), file);
                } else {
                    PemFiles.checkKey(file);
                }
            } catch (IOException e) {
                return Optional.of(name + ": " + e.getMessage());
            } catch (InvalidPathException e) {
                return Optional.of(name + ": " + files.get(i) + " is no path: " + e.getReason());
            }
        }
        return Optional.empty();
    }

    /** What is no key. */
    private static void check(String name, Path file, Config config) throws IOException {
        Matcher store = STORE.matcher(name);
        if (REVOCATIONS.matcher(name).matches()) {
            PemFiles.checkRevocations(file);
        } else if (DIRECTORY.matcher(name).matches()) {
            checkDirectory(file);
        } else if (store.matches()) {
            boolean isKnown = !has(config, store.group(1) + "provider") && !has(config, store.group(1) + "PROVIDER");
            StoreFiles.check(file, TYPES.get(store.group(2).toLowerCase(Locale.ROOT)),
                    isKnown
                            ? Stream.of("password", "PASSWORD")
                                    .flatMap(each -> config.getOptionalValue(store.group(1) + each, String.class)
                                            .stream())
                                    .findFirst()
                            : Optional.empty());
        } else {
            PemFiles.checkCertificates(file);
        }
    }

    private static boolean has(Config config, String name) {
        return config.getOptionalValue(name, String.class).isPresent();
    }

    /** Quarkus reads whatever is in it. */
    private static void checkDirectory(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                PemFiles.checkCertificates(file);
            }
        } catch (NoSuchFileException | NotDirectoryException | AccessDeniedException e) {
            throw new IOException(directory + " cannot be read: " + Reason.of(e), e);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** The setting that names the certificates, of the setting that names their key. */
    private static String certificatesOf(Matcher key) {
        String what = key.group(2).replaceAll("(?i)key[._-](files)$", "$1").replaceAll("key$", "cert")
                .replaceAll("KEY$", "CERT");
        String index = key.group(3) == null ? "" : key.group(3);
        return key.group(1) + what + index;
    }
}
