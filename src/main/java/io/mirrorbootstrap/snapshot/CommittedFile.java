package io.mirrorbootstrap.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;

/**
 * The bytes of one committed snapshot, to be read for as long as it is open: a successor that is committed meanwhile, or a removal, takes only
 * the name. Worker only, but for {@link #transferTo}.
 */
public final class CommittedFile implements Closeable {

    /** How often a snapshot may be replaced by another while it is opened. */
    private static final int ATTEMPTS = 10;

    private final CommittedSnapshot snapshot;
    private final byte[] manifest;
    private final DiskFile file;

    private CommittedFile(CommittedSnapshot snapshot, byte[] manifest, DiskFile file) {
        this.snapshot = snapshot;
        this.manifest = manifest;
        this.file = file;
    }

    /** @return empty when no file is known to be the snapshot of {@code database} by its mark */
    static Optional<CommittedFile> open(Disk disk, Records records, DatabaseId database) throws IOException {
        String name = SnapshotNames.snapshot(database);
        for (int i = 0; i < ATTEMPTS; i++) {
            Optional<Manifest> manifest = records.marked(database);
            if (manifest.isEmpty()) {
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
                isIt = manifest.get().marks(disk.facts(name));
                if (isIt) { // the same file had the name before and behind the opening
                    return Optional
                            .of(new CommittedFile(manifest.get().snapshot(), records.text(manifest.get()), file));
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

    /** See {@link DiskFile#read}. */
    public int read(ByteBuffer into, long position) throws IOException {
        return file.read(into, position);
    }

    /** See {@link DiskFile#transferTo}. Any thread, beside {@link #read}. */
    public long transferTo(WritableByteChannel target, long position, long bytes) throws IOException {
        return file.transferTo(target, position, bytes);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
