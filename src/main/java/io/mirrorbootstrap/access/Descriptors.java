package io.mirrorbootstrap.access;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.quarkus.runtime.StartupEvent;

/** Says at the start when the process may open less than its settings let others open: strangers could use up what links need. */
@Singleton
class Descriptors {

    private static final Logger LOG = Logger.getLogger(Descriptors.class);

    /** Bytes that wait until it is known where they belong, and a first chunk that is arriving. */
    private static final int FILES_PER_LINK = 2;

    /** Connections that wait to be closed, records that are being written, and what the system is asked now and then. */
    private static final int SPARE = 64;

    private static final Pattern LIMIT = Pattern.compile("Max open files\\s+(\\d+)\\s.*");

    private final int maxLinks;
    private final int maxBootstraps;
    private final OptionalInt maxConnections;

    Descriptors(MirrorSettings settings,
            @ConfigProperty(name = "quarkus.http.limits.max-connections") OptionalInt maxConnections) {
        this.maxLinks = settings.maxLinks();
        this.maxBootstraps = settings.maxBootstraps();
        this.maxConnections = maxConnections;
    }

    /** When what is always open is open. */
    void tell(@Observes @Priority(Interceptor.Priority.APPLICATION + 1000) StartupEvent event) {
        String[] open = new File("/proc/self/fd").list();
        try {
            OptionalLong limit = Files.readAllLines(Path.of("/proc/self/limits")).stream().map(LIMIT::matcher)
                    .filter(Matcher::matches).mapToLong(found -> Long.parseLong(found.group(1))).findFirst();
            if (limit.isPresent() && open != null) { // else there is none, or it is not known
                lack(limit.getAsLong(), open.length, maxConnections.orElse(0), maxLinks, maxBootstraps)
                        .ifPresent(LOG::warn);
            }
        } catch (IOException e) {
            LOG.debugf("how many descriptors the process may have is not known: %s", e); // no Linux
        }
    }

    /**
     * What is wrong with the limit, as a line for the log; empty where it is enough. A transfer under way has its file open, and one
     * link may have all of them.
     *
     * @param atRest how many descriptors the process has when nobody comes
     */
    static Optional<String> lack(long limit, long atRest, int maxConnections, int maxLinks, int maxBootstraps) {
        long ofLinks = (long) FILES_PER_LINK * maxLinks;
        long needed = atRest + maxConnections + ofLinks + maxBootstraps + SPARE;
        return limit >= needed
                ? Optional.empty()
                : Optional.of("the process may have " + limit + " descriptors, and may need " + needed + ": " + atRest
                        + " at rest, " + maxConnections + " for quarkus.http.limits.max-connections, " + ofLinks
                        + " for mirror-bootstrap.max-links, " + maxBootstraps
                        + " for mirror-bootstrap.max-bootstraps, " + SPARE + " to spare: raise its limit (ulimit -n)");
    }
}
