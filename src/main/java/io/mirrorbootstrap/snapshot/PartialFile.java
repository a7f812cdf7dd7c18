package io.mirrorbootstrap.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.NoSuchFileException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.FileFacts;

/**
 * A file that payload is written to until it is committed or discarded. Worker only, one thread at a time, but for
 * {@link #force}. Who closes it does not wait for another who forces it, as that may take as long as the disk takes: it is closed
 * behind the force then.
 */
final class PartialFile implements Closeable, DiskRoom.Writing {

    /** Leaves 16 bits of 64: a length of at most 64 KiB, most of it a hole. */
    private static final int LENGTH_SHIFT = 48;

    /** The states of the open file; there is no way back from the last two. */
    private enum Use {
        OPEN,
        FORCED,
        /** By the thread that forces it. */
        TO_BE_CLOSED,
        CLOSED
    }

    private final Disk disk;
    private final DiskRoom room;
    private final DiskFile file;
    /** Tells this file from another one that may have been put under its name. */
    private final String identity;
    private String name;
    private boolean published;
    private volatile boolean lost;
    private final AtomicReference<Use> use = new AtomicReference<>(Use.OPEN);
    private volatile Optional<IOException> forceFailure = Optional.empty();
    private final Unforced unforced;

    private PartialFile(Disk disk, DiskRoom room, DiskFile file, String identity, String name, long length) {
        this.disk = disk;
        this.room = room;
        this.unforced = new Unforced(length);
        this.file = file;
        this.identity = identity;
        this.name = name;
        room.opened(this);
    }

    /** A new, empty file. */
    static PartialFile create(Disk disk, DiskRoom room, String name) throws IOException {
        DiskFile file = disk.create(name);
        try {
            return new PartialFile(disk, room, file, identity(disk, file, name), name, 0);
        } catch (IOException | RuntimeException e) {
            try (file) {
                disk.remove(name);
            } catch (IOException also) {
                e.addSuppressed(also);
            }
            throw e;
        }
    }

    /**
     * A name may be another file's a moment after it was given, and nothing is told of a file but by its name. So the name is asked
     * for a length that only this file has, as nobody can guess it.
     */
    private static String identity(Disk disk, DiskFile file, String name) throws IOException {
        long length = 1 + (UUID.randomUUID().getMostSignificantBits() >>> LENGTH_SHIFT);
        file.write(ByteBuffer.wrap(new byte[1]), length - 1);
        FileFacts facts = disk.facts(name).filter(there -> there.bytes() == length)
                .orElseThrow(() -> gone(disk, name));
        file.truncate(0);
        return facts.file();
    }

    /**
     * A file that was closed, cut to {@code length} bytes.
     *
     * @param known the facts of the file since its bytes are known
     * @return empty when it is not there, not as it was, or another has its name
     */
    static Optional<PartialFile> reopen(Disk disk, DiskRoom room, String name, FileFacts known, long length)
            throws IOException {
        if (!disk.facts(name).equals(Optional.of(known))) {
            return Optional.empty();
        }
        DiskFile file = disk.open(name, true);
        try {
            if (!disk.facts(name).equals(Optional.of(known))) { // exchanged while it was opened
                file.close();
                return Optional.empty();
            }
            file.truncate(length);
            return Optional.of(new PartialFile(disk, room, file, known.file(), name, length));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Writes the remaining bytes of {@code bytes}, which are consumed, at {@code position}.
     *
     * @throws IOException after which some bytes may have been written
     */
    void write(ByteBuffer bytes, long position) throws IOException {
        assert EnumSet.of(Use.OPEN, Use.FORCED).contains(use.get()) : use; // one read: a force beside it may end in between
        requireName();
        long end = position + bytes.remaining();
        try {
            file.write(bytes, position);
        } finally {
            room.written(unforced.written(end));
        }
    }

    /** Cuts the file to {@code length} bytes, unless it is published. */
    void truncate(long length) throws IOException {
        if (!published) {
            requireFile();
            file.truncate(length);
            room.written(unforced.cut(length));
        }
    }

    /**
     * Returns when all that was written survives a power cut, under the file's name.
     *
     * @throws IOException also when that name is gone or another file's: nobody would find what was written; and when it is closed
     */
    @Override
    public synchronized void force() throws IOException {
        requireName();
        if (forceFailure.isPresent()) {
            throw new IOException("an earlier force failed, and what was written then may be lost", forceFailure.get());
        }
        if (!use.compareAndSet(Use.OPEN, Use.FORCED)) {
            assert use.get() == Use.CLOSED : use;
            throw new ClosedChannelException();
        }
        try {
            unforced.begin();
            file.force();
            unforced.succeeded();
        } catch (IOException e) {
            // the kernel tells once: the next force would succeed, whatever was lost. Not even a full disk is forgiven
            forceFailure = Optional.of(e);
            throw new IOException("the force failed", e);
        } finally {
            forced();
        }
        requireFile();
    }

    /** Whether a force has failed: what was written since the one before may be lost, though it can be read. Any thread. */
    boolean isDoubtful() {
        return forceFailure.isPresent();
    }

    @Override
    public long unforcedBytes() {
        return unforced.bytes();
    }

    /** Closes the file if somebody has wished that meanwhile. */
    private void forced() {
        if (!use.compareAndSet(Use.FORCED, Use.OPEN)) {
            assert use.get() == Use.TO_BE_CLOSED : use;
            use.set(Use.CLOSED);
            try {
                file.close();
            } catch (IOException e) {
                // what is in it is nobody's any more, or durable
            }
        }
    }

    /**
     * The facts of the file under its name.
     *
     * @throws NoSuchFileException when that name is gone or another file's
     */
    FileFacts requireFile() throws IOException {
        requireName();
        return facts().orElseThrow(() -> gone(disk, name));
    }

    /** Its name has been removed: from now on it fails, because nobody would ever find bytes written to it. Any thread. */
    void lost() {
        lost = true;
    }

    private void requireName() throws IOException {
        if (lost) {
            throw gone(disk, name);
        }
    }

    private static NoSuchFileException gone(Disk disk, String name) {
        return new NoSuchFileException(disk.path().resolve(name).toString(), null,
                "somebody has removed it, moved it away, or put another in its place, while it was being written");
    }

    /** The facts of the file under its name; empty when that name is gone, or another file's. */
    Optional<FileFacts> facts() throws IOException {
        return disk.facts(name).filter(there -> there.file().equals(identity));
    }

    /** Whether it must not be changed or removed any more: it is a snapshot. */
    boolean isPublished() {
        return published;
    }

    /** Renames the file, and replaces a file of that name; it stays open. */
    void moveTo(String target) throws IOException {
        disk.rename(name, target);
        name = target;
    }

    /** It has been renamed for good: from now on {@link #discard} only closes it. */
    void published() {
        published = true;
    }

    @Override
    public void close() throws IOException {
        room.closed(this);
        Use before = use.getAndUpdate(now -> now == Use.OPEN || now == Use.CLOSED ? Use.CLOSED : Use.TO_BE_CLOSED);
        if (before == Use.OPEN) {
            file.close();
        }
    }

    /** Closes the file, and removes its name at once unless it was published. */
    void discard() throws IOException {
        try {
            close();
        } finally {
            if (!published) {
                disk.remove(name);
                room.written(unforced.discard());
            }
        }
    }

    /** Closes it, whatever the disk says: what counts in it was forced before. */
    void closeQuietly() {
        try {
            close();
        } catch (IOException e) {
            // nothing of it is wanted
        }
    }
}
