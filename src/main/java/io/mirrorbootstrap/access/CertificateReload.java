package io.mirrorbootstrap.access;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.jboss.logging.Logger;

/** Looks at the files of one TLS configuration each time that they are read again, and tells what is wrong with them. Any thread but an event loop. */
final class CertificateReload {

    private static final Logger LOG = Logger.getLogger(CertificateReload.class);

    private final String name;
    private final Map<String, List<String>> files;
    // guarded by this
    private List<String> marks = List.of();
    private Optional<String> fault = Optional.empty();
    private Optional<String> told = Optional.empty();

    /**
     * @param name of the configuration, for people
     * @param files as {@link CertificateFiles#settings} has them
     */
    CertificateReload(String name, Map<String, List<String>> files) {
        this.name = name;
        this.files = Collections.unmodifiableMap(files); // in its order
    }

    /** Tells of a fault, unless it has been told already. Returns null. */
    synchronized Void look() {
        findFault();
        fault.ifPresent(this::tell);
        return null;
    }

    /**
     * Tells of a fault, or that there is none any more.
     *
     * @param flaw what is wrong with what was read, which the files may not have any more
     * @return whether that may be taken
     */
    synchronized boolean mayTake(Optional<String> flaw) {
        findFault();
        Optional<String> found = flaw.isEmpty() ? fault : fault.or(() -> flaw.map(each -> name + ": " + each));
        found.ifPresentOrElse(this::tell, () -> {
            if (told.isPresent()) {
                LOG.infof("the TLS files of %s are right again, and taken", name);
                told = Optional.empty();
            }
        });
        return found.isEmpty();
    }

    private void tell(String found) {
        if (!told.equals(Optional.of(found))) {
            LOG.warnf("TLS files are not taken: %s: what was read of %s before stays in use until that is mended",
                    found,
                    name);
            told = Optional.of(found);
        }
    }

    /** Where there was none, only when a file has changed. */
    private void findFault() {
        assert Thread.holdsLock(this);
        List<String> now = files.values().stream().flatMap(List::stream).map(CertificateReload::mark).toList();
        if (fault.isPresent() || !now.equals(marks)) {
            fault = CertificateFiles.fault(files);
            marks = now; // from before: what is changed while it is looked at is looked at again
        }
    }

    /** Is another when the file is, or may not be read any more. */
    private static String mark(String file) {
        try {
            Path path = Path.of(file);
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            return Files.isReadable(path) + " " + now.fileKey() + " " + now.size() + " " + now.lastModifiedTime();
        } catch (IOException | InvalidPathException e) {
            return String.valueOf(e);
        }
    }
}
