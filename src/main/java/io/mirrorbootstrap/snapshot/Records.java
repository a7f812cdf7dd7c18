package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.FileFacts;

/**
 * The records beside the payloads: the manifest and the successor record, which describe a {@code .snapshot}, and the
 * checkpoint, which tells how much of a {@code .partial} counts. A record that cannot be read, or that names another
 * database, is none. Worker only; the receiver of a database guards its records.
 */
final class Records {

    /** No record is longer; a longer file is none. */
    private static final int MAX_RECORD_BYTES = 64 * 1024;

    private final Disk disk;
    private final NewFiles newFiles;
    private final RecordFormat format;

    Records(Disk disk, NewFiles newFiles, RecordFormat format) {
        this.disk = disk;
        this.newFiles = newFiles;
        this.format = format;
    }

    /** The manifest of {@code database}. */
    Optional<Manifest> manifest(DatabaseId database) throws IOException {
        return manifest(database, SnapshotNames.manifest(database));
    }

    /** The record of the snapshot that is about to be, or has just become, the one of {@code database}. */
    Optional<Manifest> successor(DatabaseId database) throws IOException {
        return manifest(database, SnapshotNames.successor(database));
    }

    private Optional<Manifest> manifest(DatabaseId database, String name) throws IOException {
        return disk.read(name, MAX_RECORD_BYTES).flatMap(format::manifest)
                .filter(manifest -> manifest.snapshot().database().equals(database));
    }

    /**
     * The record with the mark of the present {@code .snapshot}; between its rename and its manifest, the successor
     * record.
     */
    Optional<Manifest> marked(DatabaseId database) throws IOException {
        Optional<FileFacts> file = disk.facts(SnapshotNames.snapshot(database));
        Optional<Manifest> manifest = manifest(database).filter(record -> record.marks(file));
        return manifest.isPresent() ? manifest : successor(database).filter(record -> record.marks(file));
    }

    /** The manifest, as it is written. */
    byte[] text(Manifest manifest) {
        return format.manifest(manifest);
    }

    /**
     * The best description of the {@code .snapshot}, also of one that somebody has taken away: {@link #marked}; without a file the
     * successor record, of a commit that is to be finished; else the manifest, whose file may be a copy.
     */
    Optional<Manifest> describing(DatabaseId database) throws IOException {
        Optional<Manifest> best = marked(database);
        if (best.isEmpty() && disk.facts(SnapshotNames.snapshot(database)).isEmpty()) {
            best = successor(database);
        }
        return best.isPresent() ? best : manifest(database);
    }

    /** The checkpoint of {@code database}. */
    Optional<Checkpoint> checkpoint(DatabaseId database) throws IOException {
        return disk.read(SnapshotNames.checkpoint(database), MAX_RECORD_BYTES).flatMap(format::checkpoint)
                .filter(checkpoint -> checkpoint.database().equals(database));
    }

    /** Replaces the checkpoint; it survives a power cut when this returns. The caller has forced the payload before. */
    void write(Checkpoint checkpoint) throws IOException {
        replace(SnapshotNames.checkpoint(checkpoint.database()), format.checkpoint(checkpoint));
        disk.force();
    }

    /** Replaces the manifest; it survives a power cut when the caller has forced the directory. */
    void writeManifest(Manifest manifest) throws IOException {
        replace(SnapshotNames.manifest(manifest.snapshot().database()), format.manifest(manifest));
    }

    /** Replaces the successor record; it survives a power cut when the caller has forced the directory. */
    void writeSuccessor(Manifest manifest) throws IOException {
        replace(SnapshotNames.successor(manifest.snapshot().database()), format.manifest(manifest));
    }

    /** After a crash either the old or the new record is there, whole. */
    private void replace(String name, byte[] bytes) throws IOException {
        String next = newFiles.name(name);
        try {
            try (DiskFile file = disk.create(next)) {
                file.write(ByteBuffer.wrap(bytes), 0);
                file.force();
            }
            disk.rename(next, name);
        } catch (IOException e) {
            disk.remove(next);
            throw e;
        }
    }
}
