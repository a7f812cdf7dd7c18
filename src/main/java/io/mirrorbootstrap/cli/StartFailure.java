package io.mirrorbootstrap.cli;

import java.io.PrintStream;
import java.net.BindException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.eclipse.microprofile.config.ConfigProvider;

import io.mirrorbootstrap.access.CertificateFiles;
import io.mirrorbootstrap.mirror.SettingsKeys;
import io.mirrorbootstrap.snapshot.Text;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.QuarkusBindException;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.util.ExceptionUtil;
import io.smallrye.config.ConfigValidationException;

/** Why the service has not started: for each setting that the operator must change one line, and nothing of Java in it. */
final class StartFailure {

    private static final String NAME = "The config property (\\S+) ";
    private static final Pattern NOT_CONVERTED = Pattern
            .compile(NAME + "with the config value \"(.*)\" threw an Exception whilst being converted ?(.*)",
                    Pattern.DOTALL);
    private static final Pattern EMPTY = Pattern.compile(NAME + "is defined as the empty String.*", Pattern.DOTALL);
    private static final Pattern MISSING = Pattern.compile(NAME + "is required but.*", Pattern.DOTALL);
    private static final String OF_CERTIFICATES = "Invalid key/certificate pair configuration";
    private static final String OF_ESCAPES = "Malformed \\uxxxx encoding";
    /** What the libraries of the configuration put in front of each message. */
    private static final Pattern NUMBERED = Pattern.compile("(\\b[\\w.]+(Exception|Error): )?SRCFG\\d+: ");

    private StartFailure() {
    }

    /**
     * Runs the service, or what is shown with it; ends the process, but for development mode, where Quarkus does.
     *
     * @param application what runs when it has started
     */
    static void run(Class<? extends QuarkusApplication> application, String... arguments) {
        // with a handler Quarkus itself says nothing
        BiConsumer<Integer, Throwable> end = (code, failure) -> System
                .exit(failure == null ? code : tell(failure, System.err).number());
        Quarkus.run(application, LaunchMode.current() == LaunchMode.NORMAL ? end : null, arguments);
    }

    /** Says what is wrong. */
    static ExitCode tell(Throwable failure, PrintStream err) {
        List<String> lines = lines(failure);
        if (lines.isEmpty()) {
            err.println("mirror-bootstrap: failed unexpectedly, please report this:");
            failure.printStackTrace(err);
            return ExitCode.FAILED;
        }
        lines.forEach(line -> err.println("mirror-bootstrap: " + line));
        return ExitCode.USAGE;
    }

    private static List<String> lines(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConfigValidationException e) {
                List<String> lines = new ArrayList<>();
                for (int i = 0; i < e.getProblemCount(); i++) {
                    lines.add(line(e.getProblem(i).getMessage()));
                }
                return lines.stream().distinct().toList();
            } else if (cause instanceof ConfigurationException) {
                return List.of(oneLine(cause.getMessage()));
            } else if (cause instanceof BindException e) {
                return List.of(line(e));
            } else if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
                return List.of("quarkus.http.host is no address that can be found: " + oneLine(cause.getMessage()));
            }
        }
        Optional<String> certificate = isOfTls(failure)
                ? CertificateFiles.fault(ConfigProvider.getConfig())
                : Optional.empty();
        if (certificate.isPresent()) {
            return List.of(certificate.get());
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (message.startsWith(OF_CERTIFICATES)) {
                return List.of(
                        "the certificate and the key of quarkus.tls.key-store do not belong together, or cannot be used: "
                                + oneLine(ExceptionUtil.getRootCause(cause).getMessage()));
            } else if (message.contains(OF_ESCAPES)) {
                return List.of(
                        "config/application.properties, or another file of settings, has a backslash and u that are no "
                                + "character: a backslash is written twice");
            } else if (List.of(NOT_CONVERTED, EMPTY, MISSING).stream().anyMatch(each -> each.matcher(message).find())) {
                return List.of(line(message));
            }
        }
        return List.of();
    }

    private static boolean isOfTls(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (String.valueOf(cause.getMessage()).contains("certificate") || Stream.of(cause.getStackTrace())
                    .anyMatch(frame -> frame.getClassName().startsWith("io.quarkus.tls."))) {
                return true;
            }
        }
        return false;
    }

    private static String line(String message) {
        Matcher value = NOT_CONVERTED.matcher(message);
        Matcher empty = EMPTY.matcher(message);
        Matcher missing = MISSING.matcher(message);
        if (value.find()) {
            return value.group(1) + " is " + Text.quoted(value.group(2))
                    + SettingsKeys.value(value.group(1), value.group(3))
                            .map(", it must be "::concat).orElseGet(() -> ": " + oneLine(value.group(3)));
        } else if (empty.find()) {
            return empty.group(1) + " is empty"
                    + SettingsKeys.value(empty.group(1)).map(", it must be "::concat).orElse("");
        } else if (missing.find()) {
            return missing.group(1) + " is missing";
        }
        return oneLine(message);
    }

    private static String line(BindException failure) {
        String message = String.valueOf(failure.getMessage());
        String where = failure instanceof QuarkusBindException e
                ? "port " + e.getPort() + " of " + e.getHost()
                : "the port";
        if (message.contains("already in use")) {
            return where + " is in use by another process: quarkus.http.port (--port) or, with a certificate, "
                    + "quarkus.http.ssl-port names another";
        } else if (message.contains("Permission denied")) {
            return where + " may not be opened by this user: below 1024 that takes a privilege";
        } else if (message.contains("Cannot assign requested address")) {
            return where + " cannot be opened: quarkus.http.host (--host) is no address of this machine";
        }
        return where + " cannot be opened: " + oneLine(message);
    }

    private static String oneLine(String message) {
        return NUMBERED.matcher(String.valueOf(message)).replaceAll("").strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
