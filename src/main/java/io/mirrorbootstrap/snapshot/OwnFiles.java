package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The only way to the files of a {@link SnapshotDirectory}, to which the mirror, and whoever breaks into it, can write
 * too: symbolic links are not followed, nothing but plain files is opened, and what is made can be read by the group and
 * by nobody else. Worker only.
 */
final class OwnFiles {

    private static final FileAttribute<?> FILE_MODE = mode("rw-r-----");
    private static final FileAttribute<?> DIRECTORY_MODE = mode("rwxr-x---");

    private OwnFiles() {
    }

    private static FileAttribute<?> mode(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }

    /** Makes a directory, if there is none. Its parents may be anywhere: they are the operator's. */
    static void createDirectory(Path directory) throws IOException {
        if (look(directory).isEmpty()) {
            Files.createDirectories(directory.getParent());
            try {
                Files.createDirectory(directory, DIRECTORY_MODE);
            } catch (FileAlreadyExistsException e) {
                // another thread was faster, or somebody's link is there now
            }
        }
        requireDirectory(directory);
    }

    /** Removes a file or a link, if there is one; a directory is nobody's of ours. */
    static void remove(Path file) throws IOException {
        if (attributes(file).filter(BasicFileAttributes::isDirectory).isEmpty()) {
            Files.deleteIfExists(file);
        }
    }

    /** A new file, which nobody had a hand in before. */
    static FileChannel create(Path file, OpenOption... more) throws IOException {
        requireDirectory(file.getParent());
        Set<OpenOption> options = new HashSet<>(List.of(more));
        options.addAll(List.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
        return FileChannel.open(file, options, FILE_MODE);
    }

    /**
     * A file that is there.
     *
     * @throws IOException also when it is no plain file
     */
    static FileChannel open(Path file, OpenOption... how) throws IOException {
        if (!attributes(file).orElseThrow(() -> new NoSuchFileException(file.toString())).isRegularFile()) {
            throw new FileSystemException(file.toString(), null, "is no plain file");
        }
        Set<OpenOption> options = new HashSet<>(List.of(how));
        options.add(LinkOption.NOFOLLOW_LINKS);
        return FileChannel.open(file, options);
    }

    /** What a plain file holds, empty when there is none, or a longer one. */
    static Optional<byte[]> read(Path file, int maxBytes) throws IOException {
        if (attributes(file).filter(BasicFileAttributes::isRegularFile).isEmpty()) {
            return Optional.empty();
        }
        try (FileChannel channel = open(file, StandardOpenOption.READ)) {
            ByteBuffer bytes = ByteBuffer.allocate(maxBytes + 1);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                continue;
            }
            byte[] read = new byte[bytes.flip().remaining()];
            bytes.get(read);
            return read.length > maxBytes ? Optional.empty() : Optional.of(read);
        }
    }

    /** The size of a plain file in bytes, -1 when there is none. */
    static long size(Path file) throws IOException {
        return attributes(file).filter(BasicFileAttributes::isRegularFile).map(BasicFileAttributes::size).orElse(-1L);
    }

    /** Renames a file, replacing what has that name. */
    static void move(Path file, Path target) throws IOException {
        requireDirectory(file.getParent());
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Of whatever has this name, a link included. */
    static Optional<BasicFileAttributes> attributes(Path file) throws IOException {
        requireDirectory(file.getParent());
        return look(file);
    }

    /** A link may have been put in its place since it was made. */
    private static void requireDirectory(Path directory) throws IOException {
        if (look(directory).filter(there -> !there.isDirectory()).isPresent()) {
            throw new FileSystemException(directory.toString(), null, "is a symbolic link, or no directory");
        }
    }

    private static Optional<BasicFileAttributes> look(Path path) throws IOException {
        try {
            return Optional.of(Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
