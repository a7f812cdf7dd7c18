package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.function.Predicate;

/** Opens plain files and nothing else, on a volume where others may put anything in their place. Any thread. */
final class PlainFile {

    /** How often a file may be replaced by another while it is opened, as records are by their successors. */
    private static final int ATTEMPTS = 10;

    private PlainFile() {
    }

    /**
     * Opens {@code file}. Something else may be put there between the look and the opening. So it is opened to be read and written,
     * whatever is meant: a pipe makes the caller wait otherwise. And nothing is returned that has no positions, or of which the
     * name has become something else.
     *
     * @param directory is checked before each attempt
     * @param isLock whether the file of this key must not be opened
     * @throws NoSuchFileException when there is none, or it must not be opened
     * @throws FileSystemException when it is no plain file
     */
    static FileChannel open(Path file, boolean writable, LocalFile.Check directory, Predicate<Object> isLock)
            throws IOException {
        for (int i = 0; i < ATTEMPTS; i++) {
            directory.run();
            Object before = requirePlain(file).fileKey();
            if (isLock.test(before)) {
                throw new NoSuchFileException(file.toString(), null, "is the lock file of this process");
            }
            FileChannel channel = open(file, writable);
            try {
                channel.position(); // refused by pipes and sockets
                if (requirePlain(file).fileKey().equals(before)) {
                    return channel;
                }
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
            channel.close();
        }
        throw new FileSystemException(file.toString(), null, "is being replaced all the time");
    }

    private static BasicFileAttributes requirePlain(Path file) throws IOException {
        BasicFileAttributes there = look(file).orElseThrow(() -> new NoSuchFileException(file.toString()));
        if (!there.isRegularFile()) {
            throw new FileSystemException(file.toString(), null, "is no plain file");
        }
        return there;
    }

    private static FileChannel open(Path file, boolean writable) throws IOException {
        try {
            return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException e) {
            if (writable) {
                throw e;
            }
            return toRead(file); // another user's, or a volume that is mounted to be read only
        }
    }

    private static FileChannel toRead(Path file) throws IOException {
        try {
            return TimedOpening.toRead(file);
        } catch (AccessDeniedException e) {
            throw new NotReadableException(e);
        }
    }

    /** What there is at {@code path}, without following a link. */
    static Optional<BasicFileAttributes> look(Path path) throws IOException {
        try {
            return Optional.of(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Throws when something is there that is no directory, as a link to one. */
    static void requireDirectory(Path path) throws IOException {
        if (look(path).filter(there -> !there.isDirectory()).isPresent()) {
            throw new FileSystemException(path.toString(), null, "is a symbolic link, or no directory");
        }
    }

    /**
     * Makes the names in a directory durable. As {@code <path>/.}: of a pipe that was put in its place there is none, while the pipe itself
     * would not be opened for ever.
     */
    static void forceNames(Path directory) throws IOException {
        try (FileChannel open = FileChannel.open(directory.resolve("."), StandardOpenOption.READ)) {
            open.force(true);
        } catch (AccessDeniedException e) {
            throw new NotReadableException(e);
        }
    }
}
