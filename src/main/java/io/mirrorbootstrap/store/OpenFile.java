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
     * A path to a file that this process has just opened, as long as it is open: also when the file has no name any more. It is found by
     * its name for an instant: should that have become another file's already, none that is open leads to it.
     *
     * @return empty when no descriptor leads to it, or where the system has no such paths
     */
    public static Optional<Path> of(Path file) {
        try {
            return Optional.ofNullable(Files.readAttributes(file, BasicFileAttributes.class).fileKey())
                    .flatMap(key -> of(key, target -> true));
        } catch (IOException e) {
            return Optional.empty(); // the name is gone
        }
    }

    /**
     * As above, of the descriptors whose file has the name that {@code named} wants: the others are not looked at.
     *
     * @param key of the file, as {@link BasicFileAttributes#fileKey} tells it
     */
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
