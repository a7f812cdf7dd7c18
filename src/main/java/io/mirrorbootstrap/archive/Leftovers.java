package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
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
            removeOne(each);
        }
    }

    private static void removeOne(Path partial) throws IOException {
        if (!Files.exists(partial.resolve(LOCK), LinkOption.NOFOLLOW_LINKS)) {
            removeBare(partial);
            return;
        }
        try (FileChannel lock = lock(partial, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))) {
            if (isClaimed(partial)) { // else it has become somebody's since
                assert lock.isOpen();
                removeAll(partial);
            }
        } catch (NoSuchFileException e) {
            // whose it was has removed it
        }
    }

    /** It has no lock: nobody has begun to unpack there, or somebody is about to. */
    private static void removeBare(Path partial) throws IOException {
        try {
            Files.deleteIfExists(partial);
        } catch (DirectoryNotEmptyException e) {
            throw new IOException("another process is unpacking there, in " + partial, e);
        }
    }

    private static boolean isOwn(Path partial) throws IOException {
        try {
            if (!Files.isDirectory(partial, LinkOption.NOFOLLOW_LINKS)
                    || !Files.getAttribute(partial, USER, LinkOption.NOFOLLOW_LINKS)
                            .equals(Files.getAttribute(SELF, USER))) {
                return false;
            }
            try (DirectoryStream<Path> others = Files.newDirectoryStream(partial, each -> !Set.of(LOCK, TREE)
                    .contains(each.getFileName().toString()))) {
                return !others.iterator().hasNext() && isClaimed(partial);
            }
        } catch (NoSuchFileException e) {
            return false; // whose it was has removed it
        }
    }

    /**
     * Whether its lock has the mark. Who was ended, or had no room, before that could be written has left a part of it, or no lock: that is
     * enough where there is nothing in it that could be lost.
     */
    private static boolean isClaimed(Path partial) throws IOException {
        Path lock = partial.resolve(LOCK);
        boolean isEmpty = !Files.exists(partial.resolve(TREE), LinkOption.NOFOLLOW_LINKS);
        if (!Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS)) {
            return isEmpty && !Files.exists(lock, LinkOption.NOFOLLOW_LINKS);
        }
        try (InputStream in = Files.newInputStream(lock, LinkOption.NOFOLLOW_LINKS)) {
            byte[] said = in.readNBytes(MARK.length + 1);
            return Arrays.equals(said, MARK) || isEmpty && said.length < MARK.length
                    && Arrays.equals(said, Arrays.copyOf(MARK, said.length));
        }
    }

    /**
     * Takes a new one for this process, until what is returned is closed.
     *
     * @throws IOException also when there is no room for that
     */
    static FileChannel claim(Path partial) throws IOException {
        FileChannel lock = lock(partial,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
        try {
            lock.write(ByteBuffer.wrap(MARK), 0);
            return lock;
        } catch (IOException e) {
            lock.close();
            throw e;
        }
    }

    /** @throws IOException when another process has it */
    private static FileChannel lock(Path partial, Set<OpenOption> how) throws IOException {
        FileChannel file = FileChannel.open(partial.resolve(LOCK), how);
        boolean isTaken = false;
        try {
            isTaken = file.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // this very process has it
        } finally {
            if (!isTaken) {
                file.close();
            }
        }
        if (!isTaken) {
            throw new IOException("another process is unpacking there, in " + partial);
        }
        return file;
    }

    /**
     * Removes one, and all that is in it: links themselves, not what they lead to, whoever puts them there meanwhile (but where somebody puts
     * one in the place of a directory that may not be read). Its lock goes last: if
     * this process ends before, the next one still knows whose the rest is.
     */
    static void removeAll(Path partial) throws IOException {
        try (SecureDirectoryStream<Path> beside = open(partial.getParent())) {
            if (Files.exists(partial.resolve(TREE), LinkOption.NOFOLLOW_LINKS)) {
                try (SecureDirectoryStream<Path> own = beside.newDirectoryStream(partial.getFileName(),
                        LinkOption.NOFOLLOW_LINKS)) {
                    remove(own, Path.of(TREE), partial.resolve(TREE));
                }
            }
            remove(beside, partial.getFileName(), partial);
        } catch (NoSuchFileException e) {
            // it is gone
        }
    }

    private static SecureDirectoryStream<Path> open(Path directory) throws IOException {
        return (SecureDirectoryStream<Path>) Files.newDirectoryStream(directory); // on Linux each is one
    }

    /** @param path of {@code name} below {@code above} */
    private static void remove(SecureDirectoryStream<Path> above, Path name, Path path) throws IOException {
        own(above, name, path);
        try (SecureDirectoryStream<Path> all = above.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
            for (Path each : all) {
                Path below = each.getFileName();
                if (all.getFileAttributeView(below, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                        .readAttributes().isDirectory()) {
                    remove(all, below, path.resolve(below));
                } else {
                    all.deleteFile(below);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        above.deleteDirectory(name);
    }

    /** Takes back the rights that an archive may have taken. */
    private static void own(SecureDirectoryStream<Path> above, Path name, Path path) throws IOException {
        try {
            above.getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .setPermissions(OWN);
        } catch (AccessDeniedException e) { // Java opens it for that, which who may not read it cannot
            Files.setPosixFilePermissions(path, OWN);
        }
    }
}
