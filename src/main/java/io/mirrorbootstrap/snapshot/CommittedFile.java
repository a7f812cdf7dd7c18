package io.mirrorbootstrap.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.zip.CRC32C;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.PageMemory;

/**
 * The bytes of one committed snapshot, to be read for as long as it is open: a successor that is committed meanwhile, or a removal, takes only
 * the name. Worker only, but for {@link #transferTo}.
 */
public final class CommittedFile implements Closeable {

    /** How often a snapshot may be replaced by another while it is opened. */
    private static final int ATTEMPTS = 10;

    private static final int SLICE_BYTES = 256 * 1024;

    private final CommittedSnapshot snapshot;
    private final byte[] manifest;
    private final DiskFile file;
    private final Disk disk;
    private final FileFacts facts;

    /** Takes slices of a snapshot, in order, while it is read. */
    public interface Taker {

        /** @return whether to read on */
        boolean take(ByteBuffer slice) throws IOException;
    }

    private CommittedFile(CommittedSnapshot snapshot, byte[] manifest, DiskFile file, Disk disk, FileFacts facts) {
        this.snapshot = snapshot;
        this.manifest = manifest;
        this.file = file;
        this.disk = disk;
        this.facts = facts;
    }

    /** @return empty when no file is known to be the snapshot of {@code database} by its mark */
    static Optional<CommittedFile> open(Disk disk, Records records, DatabaseId database) throws IOException {
        return open(disk, records, database, true);
    }

    /**
     * The same, also of a file whose mark is another than its manifest says, as a copy's is: only {@link #handOn} tells whether it has its
     * bytes.
     */
    static Optional<CommittedFile> openUnmarked(Disk disk, Records records, DatabaseId database) throws IOException {
        return open(disk, records, database, false);
    }

    private static Optional<CommittedFile> open(Disk disk, Records records, DatabaseId database, boolean isMarked)
            throws IOException {
        String name = SnapshotNames.snapshot(database);
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<FileFacts> before = disk.facts(name);
            Optional<Manifest> manifest = isMarked ? records.marked(database) : records.describing(database);
            if (manifest.isEmpty() || before.isEmpty()) {
                return Optional.empty();
            }
            DiskFile file;
            try {
                file = disk.open(name, false);
            } catch (NoSuchFileException e) {
                continue; // it was removed just now, or replaced by somebody who does not rename
            }
            boolean isIt = false;
            try {
                isIt = disk.facts(name).equals(before) && (!isMarked || manifest.get().marks(before));
                if (isIt) { // the same file had the name before and behind the opening
                    return Optional.of(new CommittedFile(manifest.get().snapshot(), records.text(manifest.get()), file,
                            disk, before.get()));
                }
            } finally {
                if (!isIt) {
                    file.close();
                }
            }
        }
        throw new IOException(name + " is being replaced all the time");
    }

    /** What its manifest says. */
    public CommittedSnapshot snapshot() {
        return snapshot;
    }

    /** Its manifest, as it is written. */
    public byte[] manifest() {
        return manifest.clone();
    }

    /** Whether it has been removed, or another has its name, since it was opened. */
    public boolean isRemoved() throws IOException {
        return disk.facts(SnapshotNames.snapshot(snapshot.database()))
                .filter(there -> there.file().equals(facts.file()))
                .isEmpty();
    }

    /** See {@link DiskFile#read}. */
    public int read(ByteBuffer into, long position) throws IOException {
        return file.read(into, position);
    }

    /** See {@link DiskFile#bringIntoMemory}. */
    public void bringIntoMemory(long position, long bytes) throws IOException {
        file.bringIntoMemory(position, bytes);
    }

    /** See {@link DiskFile#transferTo}. Any thread, beside {@link #read}. */
    public long transferTo(WritableByteChannel target, long position, long bytes) throws IOException {
        return file.transferTo(target, position, bytes);
    }

    /**
     * Hands all bytes on, and compares them with the manifest meanwhile. The last of them, at least 128 KiB or all that there are, are
     * handed on only when they are right: nobody can take a wrong snapshot for a whole one.
     *
     * @param taker gets slices of at most 256 KiB, one after another in the same memory
     * @return {@link Verification.Right} or {@link Verification.Different}; empty where {@code taker} has ended it
     */
    public Optional<Verification> handOn(Taker taker) throws IOException {
        if (facts.bytes() != snapshot.bytes()) {
            return Optional.of(new Verification.Different(snapshot, facts.bytes(), Optional.empty()));
        }
        ByteBuffer slice = PageMemory.allocate(SLICE_BYTES);
        CRC32C crc = new CRC32C();
        long at = 0;
        while (true) {
            long left = snapshot.bytes() - at;
            slice.clear().limit((int) (left <= SLICE_BYTES ? left : Math.min(SLICE_BYTES, left - SLICE_BYTES / 2)));
            while (slice.hasRemaining() && file.read(slice, at + slice.position()) > 0) {
                continue;
            }
            boolean isCut = slice.hasRemaining();
            crc.update(slice.flip().duplicate());
            at += slice.remaining();
            if (isCut || at == snapshot.bytes() && !Crc32c.of(crc).equals(snapshot.crc32c())) {
                return Optional.of(new Verification.Different(snapshot, at, Optional.of(Crc32c.of(crc))));
            } else if (!taker.take(slice)) {
                return Optional.empty();
            } else if (at == snapshot.bytes()) {
                return Optional.of(new Verification.Right(snapshot));
            }
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
