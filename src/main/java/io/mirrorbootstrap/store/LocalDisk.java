package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A directory of the machine's own file system, to which the mirror, and an attacker inside it, can write too: symbolic
 * links are not followed, nothing but plain files is opened, and what is made can be read by the group and by nobody else.
 */
public final class LocalDisk implements Disk {

    private static final String FACTS = "unix:isRegularFile,size,ino,lastModifiedTime,fileKey";

    /** Three looks of {@link #keepLock}, once a second each. */
    private static final Duration LOCK_PATIENCE = Duration.ofSeconds(3);

    private final Path path;
    private volatile Volume volume;
    private final DirectoryLock lock;
    /** Another process has the directory. Never false again. */
    private volatile boolean taken;
    /** Which directory it was when it was last looked at; null before the first time. Guarded by this. */
    private Object known;
    /** Whether it had to be made since it was last looked at. Guarded by this. */
    private boolean madeAgain;
    /** Whether the directory's own name survives a power cut, as far as is known. Becomes so, and is not any more, guarded by this. */
    private volatile boolean isNameForced;

    /**
     * @param path the directory; made when it is first needed
     * @param lockName the file beside the directory that is locked by the process that uses it
     */
    public LocalDisk(Path path, String lockName) {
        this(path, lockName, LOCK_PATIENCE);
    }

    /**
     * @param lockPatience how long {@link #lock} waits, where the lock file is gone, for a process that may be using the directory
     */
    public LocalDisk(Path path, String lockName, Duration lockPatience) {
        this.path = path.toAbsolutePath().normalize();
        this.lock = new DirectoryLock(this.path.resolveSibling(lockName), lockPatience);
    }

    @Override
    public Path path() {
        return path;
    }

    /** Its parents may be anywhere: they are the operator's. */
    @Override
    public synchronized void make() throws IOException {
        requireOwn();
        if (PlainFile.look(path).isEmpty()) {
            Modes.makeAll(path.getParent());
            try {
                Modes.make(path);
                isNameForced = false;
                madeAgain = known != null;
                known = known == null ? PlainFile.look(path).map(BasicFileAttributes::fileKey).orElse(null) : known;
            } catch (FileAlreadyExistsException e) {
                // somebody else was faster, or somebody's link is there now
            }
        }
        requireDirectory();
    }

    @Override
    public synchronized Optional<String> lock() throws IOException {
        boolean used = PlainFile.look(path).filter(BasicFileAttributes::isDirectory).isPresent();
        try {
            Modes.makeAll(path.getParent());
        } catch (IOException e) {
            throw new IOException(path.getParent() + " cannot be made: " + Reason.of(e), e);
        }
        Optional<String> unfinished;
        try {
            unfinished = lock.take(used);
        } catch (FileSystemException e) {
            throw new IOException("its lock file " + e.getFile() + " cannot be made, or not opened: " + Reason.of(e),
                    e);
        }
        known = PlainFile.look(path).map(BasicFileAttributes::fileKey).orElse(null);
        return unfinished;
    }

    @Override
    public Optional<String> keepLock() throws IOException {
        try {
            return lock.keep();
        } catch (DirectoryTakenException e) {
            taken = true;
            throw e;
        }
    }

    /** What is no directory is renamed, not removed: it is somebody's, and may be looked at. */
    @Override
    public synchronized Optional<String> keepDirectory() throws IOException {
        requireOwn();
        if (!lock.isHeld()) {
            return Optional.empty(); // it may be another's
        }
        String mended = "was removed or moved away while it was in use: it is made again, without what was in it";
        if (PlainFile.look(path).filter(there -> !there.isDirectory()).isPresent()) {
            Path aside = path.resolveSibling(path.getFileName() + ".aside-" + UUID.randomUUID());
            Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
            mended = "was replaced by a link, or what else is no directory, while it was in use: that is " + aside
                    + " now, and the directory is made again, without what was in it";
        }
        make();
        Object before = known;
        known = PlainFile.look(path).orElseThrow(() -> new NoSuchFileException(path.toString())).fileKey();
        boolean another = before != null && (madeAgain || !before.equals(known));
        madeAgain = false;
        isNameForced = isNameForced && !another; // somebody has put it there
        return another ? Optional.of(path + " " + mended) : Optional.empty();
    }

    /** What this process does not have it does not change. */
    private void requireOwn() throws DirectoryTakenException {
        if (taken) {
            throw new DirectoryTakenException(path + " is another process's now");
        }
    }

    @Override
    public List<String> names() throws IOException {
        requireDirectory();
        return Names.in(path, MAX_FILES);
    }

    /** What another has given a name that is none in this process' locale is not there for it. */
    private Path file(String name) throws NoSuchFileException {
        try {
            return path.resolve(name);
        } catch (InvalidPathException e) {
            throw new NoSuchFileException(name, null, e.getReason());
        }
    }

    /** The lock file, which may have been given a name here, is no plain file of the directory: to open it would unlock it. */
    @Override
    public Optional<FileFacts> facts(String name) throws IOException {
        requireDirectory();
        try {
            Map<String, Object> facts = Files.readAttributes(file(name), FACTS, LinkOption.NOFOLLOW_LINKS);
            if (!(boolean) facts.get("isRegularFile") || lock.isHeld(facts.get("fileKey"))) {
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
    public Optional<String> otherGroup(String name) throws IOException {
        return Modes.otherGroup(path, file(name));
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
        requireOwn();
        requireDirectory();
        Set<OpenOption> options = new HashSet<>(List.of(more));
        options.addAll(List.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
        Path file = file(name);
        FileChannel channel = FileChannel.open(file, options, Modes.FILE);
        Modes.mend(file);
        return new LocalFile(this::requireOwn, channel);
    }

    @Override
    public DiskFile open(String name, boolean writable) throws IOException {
        if (writable) {
            requireOwn();
        }
        return new LocalFile(this::requireOwn,
                PlainFile.open(file(name), writable, this::requireDirectory, lock::isHeld));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        requireOwn();
        requireDirectory();
        Files.move(file(from), file(to), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void remove(String name) throws IOException {
        requireOwn();
        requireDirectory();
        if (PlainFile.look(file(name)).filter(BasicFileAttributes::isDirectory).isEmpty()) {
            Files.deleteIfExists(file(name));
        }
    }

    /** The directory's own name, too: it may be new, or an earlier process may have made it and not have come so far. */
    @Override
    public void force() throws IOException {
        requireDirectory();
        PlainFile.forceNames(path);
        if (!isNameForced) {
            forceOwnName();
        }
    }

    private synchronized void forceOwnName() throws IOException {
        if (!isNameForced) {
            PlainFile.forceNames(path.getParent());
            isNameForced = true;
        }
    }

    @Override
    public long usableBytes() throws IOException {
        return volume().usableBytes();
    }

    @Override
    public boolean countsLate() throws IOException {
        return volume().countsLate();
    }

    @Override
    public long totalBytes() throws IOException {
        return volume().totalBytes();
    }

    private Volume volume() throws IOException {
        if (volume == null) {
            make();
            volume = Volume.of(path);
        }
        return volume;
    }

    /** A link may have been put in its place since it was made. */
    private void requireDirectory() throws IOException {
        PlainFile.requireDirectory(path);
    }
}
