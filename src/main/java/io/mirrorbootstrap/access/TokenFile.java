package io.mirrorbootstrap.access;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;

import org.jboss.logging.Logger;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.Vertx;

/**
 * The file of tokens, read again every second: whole, not only when its time has changed, so that it does not
 * matter how it was replaced. If it cannot be read, nobody is let in. Links that are open stay.
 */
@ApplicationScoped
class TokenFile {

    private static final Logger LOG = Logger.getLogger(TokenFile.class);

    private static final long READ_EVERY_MILLIS = 1000;

    private static final int MAX_BYTES = 1024 * 1024;

    /**
     * What the file says.
     *
     * @param problem why it lets nobody in
     */
    private record Reading(Tokens tokens, Optional<String> problem) {
    }

    private final Optional<Path> path;
    private final Vertx vertx;
    private final long timer;
    private volatile Reading last;

    TokenFile(AccessSettings settings, Vertx vertx) {
        this.path = settings.authTokenFile();
        this.vertx = vertx;
        this.last = path.map(TokenFile::read).orElse(new Reading(Tokens.NONE, Optional.empty()));
        if (path.isEmpty()) {
            this.timer = -1;
            return;
        }
        last.problem().ifPresent(problem -> {
            throw new ConfigurationException("mirror-bootstrap.auth-token-file: " + path.get() + " " + problem);
        });
        tell();
        this.timer = vertx.setPeriodic(READ_EVERY_MILLIS, id -> vertx.executeBlocking(() -> {
            readAgain();
            return null;
        }));
    }

    /** Whether tokens are asked for. */
    boolean isUsed() {
        return path.isPresent();
    }

    /** Those that let somebody in now. */
    Tokens tokens() {
        return last.tokens();
    }

    @PreDestroy
    void close() {
        vertx.cancelTimer(timer);
    }

    /** Worker only, one at a time. */
    private void readAgain() {
        Reading now = read(path.orElseThrow());
        if (!now.equals(last)) {
            last = now;
            tell();
        }
    }

    private void tell() {
        Path file = path.orElseThrow();
        last.problem().ifPresentOrElse(
                problem -> LOG.warnf("auth-token-file: %s %s: nobody is let in until that is mended", file, problem),
                () -> LOG.infof("auth-token-file: %s holds %d tokens", file, last.tokens().digests().size()));
        if (!last.tokens().badLines().isEmpty()) {
            LOG.warnf("auth-token-file: %s: passed over, as tokens have only letters, digits and ._~+/-=: lines %s",
                    file,
                    last.tokens().badLines());
        }
    }

    private static Reading read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                return new Reading(Tokens.NONE, Optional.of("is longer than " + MAX_BYTES + " bytes"));
            }
            Tokens tokens = Tokens.parse(new String(bytes, StandardCharsets.UTF_8));
            return new Reading(tokens, tokens.digests().isEmpty() ? Optional.of("holds no token") : Optional.empty());
        } catch (IOException e) {
            return new Reading(Tokens.NONE, Optional.of("cannot be read (" + e.getClass().getSimpleName() + ")"));
        }
    }
}
