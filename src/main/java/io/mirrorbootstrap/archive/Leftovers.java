package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Directories in which archives are unpacked, {@code DIR.partial-XXXXXXXX} beside {@code DIR}: each has the file {@code lock}, which says
 * whose it is, and is locked as long as the process lives that unpacks there. Without state.
 */
final class Leftovers {

    /** In each of them, beside {@link #LOCK}, and nothing else. */
    static final String TREE = "tree";

    static final String LOCK = "lock";

    /** What the lock of ours has in it: what others have called so by chance has not. */
    static final byte[] MARK = "mirror-bootstrap wait --extract\n".getBytes(StandardCharsets.US_ASCII);

    private static final String INFIX = ".partial-";
    private static final int NAME_LENGTH = 8;
    private static final Pattern NAME = Pattern.compile("(?s)(.*)\\.partial-[0-9a-f]{" + NAME_LENGTH + "}");

    /** Of who has started this process. */
    private static final Path SELF = Path.of("/proc/self");
    private static final String USER = "unix:uid";
    private static final Set<PosixFilePermission> OWN = PosixFilePermissions.fromString("rwx------");

    private Leftovers() {
    }

    /** A new name beside {@code directory}. */
    static Path beside(Path directory) {
        return directory.resolveSibling(
                directory.getFileName() + INFIX + UUID.randomUUID().toString().substring(0, NAME_LENGTH));
    }

    /** Whether something of this name could be taken for a left-over. */
    static boolean isName(Path name) {
        return directoryOf(name).isPresent();
    }

    private static Optional<String> directoryOf(Path name) {
        Matcher parts = NAME.matcher(name.toString());
        return parts.matches() ? Optional.of(parts.group(1)) : Optional.empty();
    }

    /**
     * Removes those that processes of this user have left which have ended. What others have called so stays.
     *
     * @param directory for which they were meant, absolute
     * @throws IOException when another process is unpacking there, or one cannot be removed, with a sentence
     */
    static void remove(Path directory) throws IOException {
        Optional<String> wanted = Optional.of(directory.getFileName().toString());
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory.getParent(),
                each -> directoryOf(each.getFileName()).equals(wanted) && isOwn(each))) {
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

    private static boolean isOwn(Path partial) throws IOException {
        try {
            if (!Files.isDirectory(partial, LinkOption.NOFOLLOW_LINKS)
                    || !Files.getAttribute(partial, USER, LinkOption.NOFOLLOW_LINKS)
                            .equals(Files.getAttribute(SELF, USER))
                    || !Files.isRegularFile(partial.resolve(LOCK), LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
            try (DirectoryStream<Path> others = Files.newDirectoryStream(partial, each -> !Set.of(LOCK, TREE)
                    .contains(each.getFileName().toString()));
                    FileChannel lock = FileChannel.open(partial.resolve(LOCK), StandardOpenOption.READ,
                            LinkOption.NOFOLLOW_LINKS)) {
                ByteBuffer begin = ByteBuffer.allocate(MARK.length + 1);
                lock.read(begin);
                return !others.iterator().hasNext() && begin.flip().equals(ByteBuffer.wrap(MARK));
            }
        } catch (NoSuchFileException e) {
            return false; // whose it was has removed it
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
            if (lock != null && file.size() == 0) {
                file.write(ByteBuffer.wrap(MARK), 0);
            }
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

    /**
     * Removes one, and all that is in it: links themselves, not what they lead to, whoever puts them there meanwhile. Its lock goes last: if
     * this process ends before, the next one still knows whose the rest is.
     */
    static void removeAll(Path partial) throws IOException {
        try (SecureDirectoryStream<Path> beside = open(partial.getParent())) {
            if (Files.exists(partial.resolve(TREE), LinkOption.NOFOLLOW_LINKS)) {
                try (SecureDirectoryStream<Path> own = beside.newDirectoryStream(partial.getFileName(),
                        LinkOption.NOFOLLOW_LINKS)) {
                    remove(own, Path.of(TREE));
                }
            }
            remove(beside, partial.getFileName());
        } catch (NoSuchFileException e) {
            // it is gone
        }
    }

    private static SecureDirectoryStream<Path> open(Path directory) throws IOException {
        return (SecureDirectoryStream<Path>) Files.newDirectoryStream(directory); // on Linux each is one
    }

    private static void remove(SecureDirectoryStream<Path> above, Path name) throws IOException {
        above.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                .setPermissions(OWN); // an archive may have taken these rights
        try (SecureDirectoryStream<Path> all = above.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            for (Path each : all) {
                Path below = each.getFileName();
                if (all.getFileAttributeView(below, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                        .readAttributes().isDirectory()) {
                    remove(all, below);
                } else {
                    all.deleteFile(below);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        above.deleteDirectory(name);
    }
}
