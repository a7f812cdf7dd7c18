package io.mirrorbootstrap.access;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.access.TokenReadings.Reading;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.TokenLine;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.Vertx;

/**
 * The file of tokens, read again every second: whole, not only when its time has changed, so that it does not
 * matter how it was replaced. If it cannot be read, nobody is let in.
 * <p>
 * It is read on a thread of its own: a mount that hangs keeps this thread and no worker. While a read is under way the last
 * tokens count; when it has not ended after {@value #PATIENCE_SECONDS} seconds, the file counts as one that cannot be read: a revoked
 * token must not be good for as long as a file server is down.
 */
@ApplicationScoped
class TokenFile {

    private static final Logger LOG = Logger.getLogger(TokenFile.class);

    private static final long READ_EVERY_MILLIS = 1000;

    private static final long PATIENCE_SECONDS = 10;

    private static final int MAX_BYTES = 1024 * 1024;

    private static final Reading NO_ANSWER = Reading.none("has not answered for " + PATIENCE_SECONDS + " seconds");

    private final Optional<Path> path;
    private final Vertx vertx;
    private final long timer;
    private final Thread thread = new Thread(this::readOn, "token-file");
    private final CountDownLatch readOnce = new CountDownLatch(1);

    /** From the first reading on. Changed by who holds this. */
    private volatile TokenReadings readings = new TokenReadings(NO_ANSWER);
    /** Since when a read is under way. Guarded by this. */
    private OptionalLong readingSinceNanos = OptionalLong.empty();

    TokenFile(AccessSettings settings, Vertx vertx) throws InterruptedException {
        this.path = settings.authTokenFile();
        this.vertx = vertx;
        if (path.isEmpty()) {
            this.timer = -1;
            return;
        }
        thread.setDaemon(true); // a read that hangs does not delay the end of the process
        thread.start();
        Optional<String> none = readOnce.await(PATIENCE_SECONDS, TimeUnit.SECONDS)
                ? readings.last().problem()
                : NO_ANSWER.problem();
        none.ifPresent(problem -> {
            thread.interrupt();
            throw new ConfigurationException("mirror-bootstrap.auth-token-file: " + path.get() + " " + problem);
        });
        tell();
        this.timer = vertx.setPeriodic(READ_EVERY_MILLIS, id -> giveUpIfOverdue());
    }

    /** Whether tokens are asked for. */
    boolean isUsed() {
        return path.isPresent();
    }

    /**
     * The tokens that let callers in now: those in which two readings agree, because a file that was read while it was written may
     * have half a line. Another token is unknown only where there is no doubt about the file.
     */
    TokenReadings.Known known() {
        return readings.known();
    }

    /**
     * The token that the file has now in place of {@code token}: the same, one with other rights, or none. A file that cannot be read
     * changes nothing, nor does one that was read once only: it may have been half written.
     */
    Optional<Tokens.Token> now(Tokens.Token token) {
        return readings.now(token);
    }

    /** Whether more than one caller is known, see {@link TokenReadings#hasSeveralCallers}. */
    boolean hasSeveralCallers() {
        return readings.hasSeveralCallers();
    }

    @PreDestroy
    void close() {
        vertx.cancelTimer(timer);
        thread.interrupt();
    }

    /** The thread's: one read at a time. */
    private void readOn() {
        try {
            while (!Thread.interrupted()) {
                begin();
                end(read(path.orElseThrow()));
                readOnce.countDown();
                TimeUnit.MILLISECONDS.sleep(READ_EVERY_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private synchronized void begin() {
        readingSinceNanos = OptionalLong.of(System.nanoTime());
    }

    private synchronized void end(Reading reading) {
        readingSinceNanos = OptionalLong.empty();
        take(reading);
    }

    private synchronized void giveUpIfOverdue() {
        if (readingSinceNanos.isPresent() && System.nanoTime() - readingSinceNanos
                .getAsLong() >= TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
            take(NO_ANSWER);
        }
    }

    private void take(Reading now) {
        assert Thread.holdsLock(this);
        if (readOnce.getCount() > 0) { // at start there is only the first, which the start logs
            readings = new TokenReadings(now);
            return;
        }
        boolean changed = !now.equals(readings.last());
        readings.take(now);
        if (changed) {
            tell();
        }
    }

    private void tell() {
        Path file = path.orElseThrow();
        Reading last = readings.last();
        last.problem().ifPresentOrElse(
                problem -> LOG.warnf("auth-token-file: %s %s: nobody is let in until that is mended", file, problem),
                () -> LOG.infof("auth-token-file: %s holds %d tokens of %d callers", file,
                        last.tokens().known().size(), last.tokens().callers()));
        if (!last.tokens().badLines().isEmpty()) {
            LOG.warnf(
                    "auth-token-file: %s: lines %s let nobody in: a line is a token (letters, digits and ._~+/-=), or "
                            + "token = name, or token = name: database, database; no token may be there twice",
                    file,
                    last.tokens().badLines());
        }
    }

    private static Reading read(Path file) {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                return Reading.none("is no regular file"); // opening a pipe would wait for its writer
            }
            return parse(file);
        } catch (Exception | Error e) {
            return Reading.none("cannot be read: " + Reason.of(e));
        }
    }

    private static Reading parse(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                return Reading.none("is longer than " + MAX_BYTES + " bytes");
            }
            Tokens tokens = Tokens.parse(TokenLine.text(bytes));
            return new Reading(tokens, tokens.known().isEmpty() ? Optional.of(emptiness(tokens)) : Optional.empty());
        } catch (CharacterCodingException e) {
            return Reading.none(e.getMessage());
        }
    }

    private static String emptiness(Tokens tokens) {
        return tokens.badLines().isEmpty()
                ? "holds no token"
                : "has no line that lets somebody in, line " + tokens.badLines().get(0) + " is none: " + TokenLine.RULE
                        + ", alone or as token = name, or token = name: database, database";
    }
}
