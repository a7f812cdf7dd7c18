package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
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
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A directory of the machine's own file system, to which the mirror, and whoever breaks into it, can write too: symbolic
 * links are not followed, nothing but plain files is opened, and what is made can be read by the group and by nobody else.
 */
public final class LocalDisk implements Disk {

    private static final FileAttribute<?> FILE_MODE = mode("rw-r-----");
    private static final FileAttribute<?> DIRECTORY_MODE = mode("rwxr-x---");
    private static final String FACTS = "unix:isRegularFile,size,ino,lastModifiedTime";

    /** How often a file may be replaced by another while it is opened, as records are by their successors. */
    private static final int ATTEMPTS = 10;

    private final Path path;
    private final String lockName;
    private volatile FileStore store;
    /** Open, and thereby locked, as long as this process lives. */
    private FileChannel inUse;

    /**
     * @param path the directory; made when it is first needed
     * @param lockName the file beside the directory that is locked by the process that uses it
     */
    public LocalDisk(Path path, String lockName) {
        this.path = path.toAbsolutePath().normalize();
        this.lockName = lockName;
    }

    private static FileAttribute<?> mode(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }

    @Override
    public Path path() {
        return path;
    }

    /** Its parents may be anywhere: they are the operator's. */
    @Override
    public void make() throws IOException {
        if (look(path).isEmpty()) {
            Files.createDirectories(path.getParent());
            try {
                Files.createDirectory(path, DIRECTORY_MODE);
            } catch (FileAlreadyExistsException e) {
                // another thread was faster, or somebody's link is there now
            }
        }
        requireDirectory();
    }

    @Override
    public void lock() throws IOException {
        Path lock = path.resolveSibling(lockName);
        if (look(lock).filter(there -> !there.isRegularFile()).isPresent()) {
            throw new IOException(lock + " is no plain file"); // to open a pipe would take for ever
        }
        inUse = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        if (inUse.tryLock() == null) {
            inUse.close();
            throw new IOException("another process is using it");
        }
    }

    @Override
    public List<String> names() throws IOException {
        requireDirectory();
        List<String> names = new ArrayList<>();
        try (var files = Files.newDirectoryStream(path)) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }
        return names;
    }

    @Override
    public Optional<FileFacts> facts(String name) throws IOException {
        requireDirectory();
        try {
            Map<String, Object> facts = Files.readAttributes(path.resolve(name), FACTS, LinkOption.NOFOLLOW_LINKS);
            if (!(boolean) facts.get("isRegularFile")) {
                return Optional.empty();
            }
            FileTime modified = (FileTime) facts.get("lastModifiedTime");
            return Optional.of(new FileFacts((long) facts.get("size"),
                    facts.get("ino") + "@" + modified.toInstant().getEpochSecond() + "."
                            + modified.toInstant().getNano(),
                    modified.toInstant()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<byte[]> read(String name, int maxBytes) throws IOException {
        if (facts(name).isEmpty()) {
            return Optional.empty();
        }
        try (DiskFile file = open(name, false)) {
            ByteBuffer bytes = ByteBuffer.allocate(maxBytes + 1);
            while (bytes.hasRemaining() && file.read(bytes, bytes.position()) > 0) {
                continue;
            }
            byte[] read = new byte[bytes.flip().remaining()];
            bytes.get(read);
            return read.length > maxBytes ? Optional.empty() : Optional.of(read);
        } catch (NoSuchFileException e) {
            return Optional.empty(); // it has been removed meanwhile
        }
    }

    @Override
    public DiskFile create(String name) throws IOException {
        return create(name, StandardOpenOption.READ);
    }

    @Override
    public DiskFile createUnnamed(String name) throws IOException {
        return create(name, StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE);
    }

    private DiskFile create(String name, OpenOption... more) throws IOException {
        requireDirectory();
        Set<OpenOption> options = new HashSet<>(List.of(more));
        options.addAll(List.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
        return new LocalFile(FileChannel.open(path.resolve(name), options, FILE_MODE));
    }

    /**
     * Who can write to the volume may put something else there between the look and the opening. So it is opened to be read
     * and written, whatever is meant: a pipe makes the caller wait otherwise. And nothing is returned that has no positions, or
     * of which the name has become something else.
     */
    @Override
    public DiskFile open(String name, boolean writable) throws IOException {
        Path file = path.resolve(name);
        for (int i = 0; i < ATTEMPTS; i++) {
            requireDirectory();
            Object before = requirePlain(file).fileKey();
            FileChannel channel = open(file, writable);
            try {
                channel.position(); // refused by pipes and sockets
                if (requirePlain(file).fileKey().equals(before)) {
                    return new LocalFile(channel);
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
            return TimedOpening.toRead(file); // another user's, or a volume that is mounted to be read only
        }
    }

    @Override
    public void rename(String from, String to) throws IOException {
        requireDirectory();
        Files.move(path.resolve(from), path.resolve(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void remove(String name) throws IOException {
        requireDirectory();
        Path file = path.resolve(name);
        if (look(file).filter(BasicFileAttributes::isDirectory).isEmpty()) {
            Files.deleteIfExists(file);
        }
    }

    /** As {@code <path>/.}: of a pipe that was put in its place there is none, while the pipe itself would not be opened for ever. */
    @Override
    public void force() throws IOException {
        requireDirectory();
        try (FileChannel directory = FileChannel.open(path.resolve("."), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    @Override
    public long usableBytes() throws IOException {
        if (store == null) {
            make();
            store = Files.getFileStore(path); // finding it reads the table of mounts: not for each chunk
        }
        return store.getUsableSpace();
    }

    /** A link may have been put in its place since it was made. */
    private void requireDirectory() throws IOException {
        if (look(path).filter(there -> !there.isDirectory()).isPresent()) {
            throw new FileSystemException(path.toString(), null, "is a symbolic link, or no directory");
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
