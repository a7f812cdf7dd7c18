package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What Java does not tell of a file that is open: it knows the name only, which may be another file's by now, or no file's. The
 * kernel has a path for each descriptor that leads to the very file.
 */
public final class OpenFile {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private OpenFile() {
    }

    /**
     * A path to a file that this process has open, as long as it does: also when the file has no name any more.
     *
     * @param key of the file, as {@link BasicFileAttributes#fileKey} tells it
     * @return empty when no descriptor leads to it, or where the system has no such paths
     */
    public static Optional<Path> of(Object key) {
        return of(key, target -> true);
    }

    /** As above, of the descriptors whose file has the name that {@code named} wants: the others are not looked at. */
    static Optional<Path> of(Object key, Predicate<Path> named) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : all) {
                if (leadsTo(descriptor, key, named)) {
                    return Optional.of(descriptor);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // no such paths here
        }
        return Optional.empty();
    }

    private static boolean leadsTo(Path descriptor, Object key, Predicate<Path> named) {
        try {
            return named.test(Files.readSymbolicLink(descriptor))
                    && key.equals(Files.readAttributes(descriptor, BasicFileAttributes.class).fileKey());
        } catch (IOException e) {
            return false; // closed since it was listed
        }
    }
}
