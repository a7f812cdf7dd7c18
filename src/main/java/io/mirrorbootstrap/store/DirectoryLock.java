package io.mirrorbootstrap.store;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * What keeps a second process out of a directory: a file beside it, locked by the process that has the directory, the holder.
 * A process that may write there can remove or replace that file, and the lock goes with it, so a lock alone proves little:
 * <ul>
 * <li>The holder {@linkplain #keep looks}, at least once a second, whether the file is still its own, and else renames another
 * one, locked before, over whatever is there.</li>
 * <li>The file names its own inode. A newcomer that gets the lock of one that does not, as of one that it has made, though the
 * directory has been used, is a candidate: it says so in the file, waits, and has the directory only if no holder has replaced
 * that file meanwhile.</li>
 * <li>A holder that finds the file of another holder has slept through all that. It must end.</li>
 * <li>A holder whose file has a second name puts another file there: a name can be exchanged while it is opened.</li>
 * <li>What a full disk does not let it write into the file is written as soon as there is room: the lock keeps others out without.</li>
 * </ul>
 * The kernel drops all locks that a process has on a file when it closes <em>any</em> descriptor of it, so the file that is held
 * is never opened again, by {@linkplain #isHeld(Object) no name}: what can be told from its inode and size is.
 */
final class DirectoryLock {

    /** Other text than a holder's, and shorter, so that the size tells. */
    private static final byte[] CANDIDATE = "candidate\n".getBytes(StandardCharsets.US_ASCII);

    /** How often others may change the file between two looks at it, before that is taken for more than a coincidence. */
    private static final int ATTEMPTS = 10;

    private final Path file;
    private final Duration patience;

    /** Null before the directory is this process's. Changed with the lock of this. */
    private volatile Held held;

    /** How many names a new file has, as the file system tells: some tell more than there are. Guarded by this. */
    private int leastNames = 1;

    /**
     * @param file what {@code channel} has open and {@code lock} locks, as long as these are reachable
     * @param isNamed whether it names its own inode
     */
    private record Held(FileChannel channel, FileLock lock, LockFacts file, boolean isNamed) {
    }

    /**
     * @param file to be locked
     * @param patience how long a candidate waits for a holder, several times as long as a holder lets pass between two looks
     */
    DirectoryLock(Path file, Duration patience) {
        this.file = file;
        this.patience = patience;
    }

    /**
     * Takes the directory for this process.
     *
     * @param used whether the directory was there before
     * @return what is to be mended later, a sentence for the log
     * @throws IOException when another process has it
     */
    synchronized Optional<String> take(boolean used) throws IOException {
        Held taken = open();
        try {
            if (used && !taken.isNamed()) {
                write(taken.channel(), CANDIDATE);
                sleep();
            }
            requireStillThere(taken);
            taken = named(taken);
            requireStillThere(taken); // a holder may have replaced the candidate's file just before it was none any more
        } catch (IOException e) {
            taken.channel().close();
            throw e;
        }
        held = taken;
        return Optional.of(file + " is locked, and will say so when its disk has room").filter(any -> !held.isNamed());
    }

    /** Whether this process has the directory. */
    boolean isHeld() {
        return held != null;
    }

    /** Whether the file of this {@code key} is the one that is held, by whatever name: it must not be opened. Any thread. */
    boolean isHeld(Object key) {
        Held now = held;
        return now != null && now.file().key().equals(key);
    }

    /** Opens and locks the file that is there; an empty one is made before if there is none. */
    private Held open() throws IOException {
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<LockFacts> before = LockFacts.of(file);
            if (before.isEmpty()) {
                make();
            } else if (!before.get().isRegular()) {
                throw new IOException(file + " is no plain file");
            } else {
                Optional<Held> opened = open(before.get());
                if (opened.isPresent()) {
                    return opened.get();
                }
            }
        }
        throw new IOException(file + " is being replaced all the time");
    }

    private void make() throws IOException {
        try (FileChannel made = FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                Modes.FILE)) {
            Modes.mend(file);
        } catch (FileAlreadyExistsException e) {
            // then that one
        }
    }

    /** Java does not tell the inode of what it has open: it is that of the name, if that is the same before and after. */
    private Optional<Held> open(LockFacts before) throws IOException {
        FileChannel channel;
        try {
            channel = openAnything(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        FileLock lock;
        try {
            lock = channel.tryLock(); // if this process has it: to close the channel would unlock that
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        if (lock == null) {
            channel.close();
            throw new IOException("another process is using it");
        }
        if (LockFacts.of(file).filter(before::isSame).isEmpty()) {
            channel.close();
            return Optional.empty();
        }
        return Optional.of(new Held(channel, lock, before, namesItself(channel, Optional.of(before))));
    }

    /** To read and write, because no kind of file makes the caller wait then: to open a pipe for one of these does. */
    private static FileChannel openAnything(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    }

    private static byte[] text(LockFacts file) {
        return ("held as inode " + file.inode() + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    /** @param named what {@code channel} has open, as its name tells */
    private static boolean namesItself(FileChannel channel, Optional<LockFacts> named) throws IOException {
        if (named.isEmpty()) {
            return false;
        }
        ByteBuffer expected = ByteBuffer.wrap(text(named.get()));
        ByteBuffer there = ByteBuffer.allocate(expected.remaining());
        return channel.size() == there.capacity() && channel.read(there, 0) == there.capacity()
                && there.flip().equals(expected);
    }

    private Held named(Held it) throws IOException {
        return new Held(it.channel(), it.lock(), it.file(), it.isNamed() || write(it.channel(), text(it.file())));
    }

    /** @return whether there was room for it */
    private boolean write(FileChannel channel, byte[] text) throws IOException {
        try {
            channel.write(ByteBuffer.wrap(text), 0);
            channel.truncate(text.length);
            return true;
        } catch (IOException e) {
            if (DiskFull.is(e)) {
                return false;
            }
            throw new IOException("its lock file " + file + " cannot be written to: " + Reason.of(e), e);
        }
    }

    private void sleep() throws IOException {
        try {
            Thread.sleep(patience.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a process was waited for that may be using it");
        }
    }

    private void requireStillThere(Held taken) throws IOException {
        if (LockFacts.of(file).filter(taken.file()::isSame).isEmpty()) {
            throw new IOException("another process is using it, and has put its own lock file back");
        }
    }

    /**
     * Looks whether the file is still this process's, and puts one there that is.
     *
     * @return what had to be mended, a sentence for the log
     * @throws DirectoryTakenException when another process has the directory
     * @throws IOException when that cannot be told or mended now
     */
    synchronized Optional<String> keep() throws IOException {
        if (held == null) {
            return Optional.empty();
        }
        Optional<LockFacts> there = LockFacts.of(file);
        if (there.filter(held.file()::isSame).isPresent()) {
            if (there.get().names() > leastNames) { // it may be opened by another name, which is put in the place of a file of this process
                putBack();
                return Optional.of(file + " had a second name, by which the lock of this process could have been lost: "
                        + "another file has its place now, and is locked");
            }
            held = named(held);
            return Optional.empty();
        }
        Optional<FileChannel> own = Optional.empty();
        if (there.filter(LockFacts::isDirectory).isPresent()) {
            throw new IOException(
                    file + " was replaced by a directory: no process can be started here until that is removed");
        } else if (there.filter(facts -> facts.isRegular() && facts.bytes() != CANDIDATE.length).isPresent()) {
            own = requireNobodys();
        }
        putBack();
        if (own.isPresent()) {
            own.get().close();
        }
        return Optional.of(file + (there.isEmpty() ? " was removed" : " was replaced by another file")
                + ", and with it the lock of this process: it is there again");
    }

    /** @return what has this process's own file open, which was put there under this name meanwhile: not to be closed yet */
    private Optional<FileChannel> requireNobodys() throws IOException {
        FileChannel channel;
        try {
            channel = openAnything(file);
        } catch (NoSuchFileException | AccessDeniedException e) {
            return Optional.empty(); // what this user may not write to is no lock file of this program's
        }
        try {
            boolean isLocked = channel.tryLock() == null;
            // a process that has locked it and has not yet said that it is a candidate, or is no sidecar, is no holder
            boolean isHeld = isLocked && namesItself(channel, LockFacts.of(file));
            channel.close();
            if (isHeld) {
                throw new DirectoryTakenException(file + " is locked by another process, which has this directory now");
            }
            return Optional.empty();
        } catch (OverlappingFileLockException e) {
            return Optional.of(channel);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private void putBack() throws IOException {
        Modes.makeAll(file.getParent());
        Path next = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID());
        FileChannel channel = FileChannel.open(next,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE), Modes.FILE);
        Modes.mend(next);
        Held before = held;
        try {
            FileLock lock = channel.tryLock();
            LockFacts facts = LockFacts.of(next).orElseThrow(() -> new NoSuchFileException(next.toString()));
            Held replacing = named(new Held(channel, lock, facts, false));
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            held = replacing;
            leastNames = facts.names();
        } catch (IOException e) {
            channel.close();
            Files.deleteIfExists(next);
            throw e;
        }
        before.channel().close();
    }
}
