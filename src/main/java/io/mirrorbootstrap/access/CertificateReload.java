package io.mirrorbootstrap.access;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.tls.PemFiles;
import io.quarkus.tls.TlsConfiguration;
import io.vertx.core.net.PemKeyCertOptions;

/**
 * Reads the files of one TLS configuration again, and tells what is wrong with them. One thread, which a file that does not answer keeps,
 * but for {@link #tellIfOverdue}.
 */
final class CertificateReload {

    private static final Logger LOG = Logger.getLogger(CertificateReload.class);

    private static final long PATIENCE_SECONDS = 10;

    private final String name;
    private final TlsConfiguration tls;
    private final Map<String, List<String>> files;
    private final Function<Map<String, List<String>>, Optional<String>> check;

    private List<String> marks = List.of();
    private Optional<String> fault = Optional.empty();
    private final AtomicReference<Optional<String>> told = new AtomicReference<>(Optional.empty());
    private volatile OptionalLong readingSinceNanos = OptionalLong.empty();

    /**
     * @param name of the configuration, for people
     * @param tls has files
     * @param files as {@link CertificateFiles#settings} has them
     * @param check says what is wrong with them, in a line that names the setting and the file
     */
    CertificateReload(String name, TlsConfiguration tls, Map<String, List<String>> files,
            Function<Map<String, List<String>>, Optional<String>> check) {
        this.name = name;
        this.tls = tls;
        this.files = Collections.unmodifiableMap(files); // in its order
        this.check = check;
    }

    /**
     * Reads them again, and tells of a fault unless it has been told already.
     *
     * @param take called where there is no fault, before that is told
     */
    void reload(Runnable take) {
        Optional<String> found;
        try {
            found = readInTime();
            if (found.isEmpty()) {
                take.run(); // waits for the ports, and for no file
            }
        } catch (RuntimeException | Error e) {
            found = Optional.of(name + ": " + Reason.of(e));
        }
        if (Thread.currentThread().isInterrupted()) {
            return; // the service ends
        }
        found.ifPresentOrElse(this::tell, () -> {
            if (told.getAndSet(Optional.empty()).isPresent()) {
                LOG.infof("the TLS files of %s are right again, and taken", name);
            }
        });
    }

    /** Tells that they do not answer. Any thread. */
    void tellIfOverdue() {
        OptionalLong since = readingSinceNanos;
        if (since.isPresent()
                && System.nanoTime() - since.getAsLong() >= TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
            tell(name + ": its files have not answered for " + PATIENCE_SECONDS + " seconds");
        }
    }

    private void tell(String found) {
        if (!told.getAndSet(Optional.of(found)).equals(Optional.of(found))) {
            LOG.warnf("TLS files are not taken: %s: what was read of %s before stays in use until that is mended",
                    found, name);
        }
    }

    private Optional<String> readInTime() {
        readingSinceNanos = OptionalLong.of(System.nanoTime());
        try {
            return read();
        } finally {
            readingSinceNanos = OptionalLong.empty();
        }
    }

    /** What is wrong with the files, or with what was read of them: by now they may have something else. */
    private Optional<String> read() {
        boolean isRead = false;
        String reason = "what its files have cannot be used";
        try {
            isRead = tls.reload();
        } catch (RuntimeException e) {
            reason = Reason.of(e);
        }
        findFault();
        if (fault.isPresent()) {
            return fault;
        }
        return (isRead ? flaw() : Optional.of(reason)).map(each -> name + ": " + each);
    }

    private Optional<String> flaw() {
        if (!arePairs()) {
            return Optional.of("a certificate and a key were read while their files were changed");
        } else if (!tls.getSSLOptions().getCrlValues().stream().allMatch(PemFiles::haveRevocations)) {
            return Optional.of("a list of revoked certificates was read while its file was changed");
        }
        try {
            tls.createSSLContext(); // as a port will, which would go on with what it has, and say so to nobody here
            return Optional.empty();
        } catch (Exception e) {
            return Optional.of("what its files have cannot be used: " + Reason.of(e));
        }
    }

    private boolean arePairs() {
        if (!(tls.getKeyStoreOptions() instanceof PemKeyCertOptions pem)) {
            return true; // a store of Java, where a certificate cannot be changed without its key
        }
        for (int i = 0; i < pem.getKeyValues().size(); i++) {
            if (!PemFiles.belong(pem.getCertValues().get(i), pem.getKeyValues().get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Where there was none, only when a file has changed. */
    private void findFault() {
        List<String> now = new ArrayList<>();
        files.values().forEach(each -> each.forEach(file -> mark(file, now)));
        if (fault.isPresent() || !now.equals(marks)) {
            fault = check.apply(files);
            marks = now; // from before: what is changed while it is looked at is looked at again
        }
    }

    /** Adds what is another when the file, or one in the directory, is, or may not be read any more. */
    private static void mark(String file, List<String> marks) {
        try {
            Path path = Path.of(file);
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            marks.add(file + " " + Files.isReadable(path) + " " + now.fileKey() + " " + now.size() + " "
                    + now.lastModifiedTime());
            if (now.isDirectory()) {
                try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
                    entries.forEach(each -> mark(each.toString(), marks));
                }
            }
        } catch (IOException | InvalidPathException e) {
            marks.add(String.valueOf(e));
        }
    }
}
