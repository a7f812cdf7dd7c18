package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

import javax.net.ssl.SSLContext;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;
import io.quarkus.tls.BaseTlsConfiguration;
import io.quarkus.tls.TlsConfiguration;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.SSLOptions;

/** What is said of a reload, and whether it is taken, whatever Quarkus makes of the files. */
class CertificateReloadTest {

    private static final String NOT_TAKEN = "TLS files are not taken: quarkus.tls: ";
    private static final String STAYS = ": what was read of quarkus.tls before stays in use until that is mended";

    private final AtomicInteger taken = new AtomicInteger();

    /** Its files are what the test makes of them. */
    private static final class Files extends BaseTlsConfiguration {

        private BooleanSupplier read = () -> true;
        private Optional<Buffer> revocations = Optional.empty();
        private Optional<String> whyUnusable = Optional.empty();

        @Override
        public SSLOptions getSSLOptions() {
            SSLOptions options = new SSLOptions();
            revocations.ifPresent(options::addCrlValue);
            return options;
        }

        @Override
        public SSLContext createSSLContext() throws Exception {
            if (whyUnusable.isPresent()) {
                throw new IOException(whyUnusable.get());
            }
            return SSLContext.getDefault();
        }

        @Override
        public boolean reload() {
            return read.getAsBoolean();
        }
    }

    @Test
    void whatIsNotReadIsToldOnceAndNotTaken() {
        Files files = new Files();
        CertificateReload reload = reload(files);
        try (LoggedLines lines = lines()) {
            files.read = () -> false;
            reload.reload(taken::incrementAndGet);
            reload.reload(taken::incrementAndGet);
            assertEquals(1, lines.with(NOT_TAKEN + "what its files have cannot be used" + STAYS));
            files.read = () -> {
                throw new UncheckedIOException(new IOException("no answer"));
            };
            reload.reload(taken::incrementAndGet);
            assertTrue(lines.all().get(1).contains("no answer"), lines.all().toString());
            files.read = () -> {
                throw new OutOfMemoryError("unable to create native thread");
            };
            reload.reload(taken::incrementAndGet);
            assertEquals(1, lines.with(NOT_TAKEN + "unable to create native thread" + STAYS));
            assertEquals(0, taken.get());

            files.read = () -> true;
            reload.reload(taken::incrementAndGet);
            reload.reload(taken::incrementAndGet);
            assertEquals(1, lines.with("the TLS files of quarkus.tls are right again, and taken"));
            assertEquals(4, lines.all().size());
            assertEquals(2, taken.get());
        }
    }

    @Test
    void whatNoPortCouldUseIsNotTaken() {
        Files files = new Files();
        CertificateReload reload = reload(files);
        try (LoggedLines lines = lines()) {
            files.revocations = Optional.of(Buffer.buffer());
            reload.reload(taken::incrementAndGet);
            assertEquals(1, lines.with(
                    NOT_TAKEN + "a list of revoked certificates was read while its file was changed" + STAYS));
            files.revocations = Optional.empty();
            files.whyUnusable = Optional.of("Get Key failed");
            reload.reload(taken::incrementAndGet);
            assertEquals(1, lines.with(NOT_TAKEN + "what its files have cannot be used: Get Key failed" + STAYS));
            assertEquals(0, taken.get());
        }
    }

    private static CertificateReload reload(TlsConfiguration files) {
        return new CertificateReload("quarkus.tls", files, Map.of(), any -> Optional.empty());
    }

    private static LoggedLines lines() {
        return new LoggedLines(CertificateReload.class.getName());
    }
}
