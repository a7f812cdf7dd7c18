package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Directories in which archives are unpacked, {@code DIR.partial-NAME} beside {@code DIR}: each has the file {@code lock}, which is locked
 * as long as the process lives that unpacks there. Without state.
 */
final class Leftovers {

    /** Behind the name of the directory. */
    static final String INFIX = ".partial-";

    /** In each of them. */
    static final String LOCK = "lock";

    private static final int OWN = 0700;

    private Leftovers() {
    }

    /**
     * Removes those that processes have left which have ended. What others have called so stays: it has no lock.
     *
     * @param directory for which they were meant, absolute
     * @throws IOException when another process is unpacking there, or one cannot be removed, with a sentence
     */
    static void remove(Path directory) throws IOException {
        String begin = directory.getFileName() + INFIX;
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory.getParent(),
                each -> each.getFileName().toString().startsWith(begin)
                        && Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)
                        && Files.isRegularFile(each.resolve(LOCK), LinkOption.NOFOLLOW_LINKS))) {
            all.forEach(found::add);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        for (Path each : found) {
            try (FileChannel lock = lock(each)) {
                assert lock.isOpen();
                removeAll(each);
            }
        }
    }

    /**
     * Takes it for this process, until what is returned is closed; its lock is made where there is none.
     *
     * @throws IOException when another process has it
     */
    static FileChannel lock(Path partial) throws IOException {
        FileChannel file = FileChannel.open(partial.resolve(LOCK),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
        FileLock lock = null;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            // this very process has it
        } finally {
            if (lock == null) {
                file.close();
            }
        }
        if (lock == null) {
            throw new IOException("another process is unpacking there, in " + partial);
        }
        return file;
    }

    /** Removes a directory and all that is in it, links themselves, not what they lead to. */
    static void removeAll(Path directory) throws IOException {
        Files.setAttribute(directory, "unix:mode", OWN); // an archive may have taken these rights
        List<Path> below = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            for (Path each : all) {
                if (Files.isDirectory(each, LinkOption.NOFOLLOW_LINKS)) {
                    below.add(each);
                } else {
                    Files.deleteIfExists(each);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        } catch (NoSuchFileException e) {
            return;
        }
        for (Path each : below) {
            removeAll(each);
        }
        Files.deleteIfExists(directory);
    }
}
