package io.mirrorbootstrap.access;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.eclipse.microprofile.config.Config;

import io.mirrorbootstrap.store.Reason;

/** What is wrong with the files that the settings of TLS name, where the service could not start with them. */
public final class CertificateFiles {

    private static final Pattern CERTIFICATE = Pattern
            .compile("(?i)quarkus[._](tls|http)[._].*(pem[._].*[._]cert|certs|certificate[._]files)(\\[\\d+])?");
    private static final Pattern KEY = Pattern
            .compile("(?i)quarkus[._](tls|http)[._].*(pem[._].*[._]key|certificate[._]key[._-]files)(\\[\\d+])?");

    private static final String ENCRYPTED = "ENCRYPTED";
    private static final Pattern PRIVATE_KEY = Pattern.compile("-----BEGIN (RSA |EC |)PRIVATE KEY-----");
    private static final String FORMS = "PKCS#8 (BEGIN PRIVATE KEY), PKCS#1 (BEGIN RSA PRIVATE KEY) or SEC1 (BEGIN EC PRIVATE KEY)";

    private CertificateFiles() {
    }

    /** A line that names the setting, the file and what is wrong with it; empty when no fault is found. */
    public static Optional<String> fault(Config config) {
        return named(config).entrySet().stream()
                .flatMap(
                        each -> Stream.of(each.getValue().split(",")).map(String::strip).filter(file -> !file.isEmpty())
                                .flatMap(file -> fault(each.getKey(), file).stream()))
                .findFirst();
    }

    /** What they are called where they are set, by name: the same file may be found twice. */
    private static Map<String, String> named(Config config) {
        Map<String, String> named = new LinkedHashMap<>();
        config.getPropertyNames().forEach(name -> {
            if (CERTIFICATE.matcher(name).matches() || KEY.matcher(name).matches()) {
                config.getOptionalValue(name, String.class).ifPresent(value -> named.put(name, value));
            }
        });
        return named;
    }

    private static Optional<String> fault(String key, String file) {
        try {
            byte[] bytes = Files.readAllBytes(Path.of(file));
            Optional<String> fault = KEY.matcher(key).matches()
                    ? faultOfKey(new String(bytes, StandardCharsets.ISO_8859_1))
                    : faultOfCertificates(bytes);
            return fault.map(what -> key + ": " + file + " " + what);
        } catch (IOException | InvalidPathException e) {
            return Optional.of(key + ": " + file + " cannot be read: " + Reason.of(e));
        }
    }

    private static Optional<String> faultOfKey(String text) {
        if (text.contains(ENCRYPTED)) {
            return Optional.of("holds a key that needs a password, and none can be given: "
                    + "'openssl pkey' writes it without");
        } else if (!PRIVATE_KEY.matcher(text).find()) {
            return Optional.of("holds no key in PEM: " + FORMS);
        }
        return Optional.empty();
    }

    private static Optional<String> faultOfCertificates(byte[] bytes) {
        try {
            boolean holdsOne = new String(bytes, StandardCharsets.ISO_8859_1).contains("-----BEGIN CERTIFICATE-----")
                    && !CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(bytes))
                            .isEmpty();
            return holdsOne ? Optional.empty() : Optional.of("holds no certificate in PEM (BEGIN CERTIFICATE)");
        } catch (CertificateException e) {
            return Optional.of("holds what is no certificate: " + Reason.of(e));
        }
    }
}
