package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FileFacts;

/** A committed snapshot, read back beside a process that may replace it. Worker only. */
final class Comparison {

    /** A file that was replaced keeps its room while it is open: so often is looked, in bytes. */
    private static final long LOOK_EVERY_BYTES = 64L * 1024 * 1024;

    private final Disk disk;
    private final Records records;
    private final DatabaseId database;
    private final Reading reading;

    Comparison(Disk disk, Records records, DatabaseId database, Reading reading) {
        this.disk = disk;
        this.records = records;
        this.database = database;
        this.reading = reading;
    }

    /** @param most how often it begins */
    Verification run(int most) throws IOException {
        Optional<Manifest> manifest = records.describing(database);
        for (int i = 0; i < most; i++) {
            Optional<Verification> found = compare(manifest);
            Optional<Manifest> after = records.describing(database);
            if (found.isPresent() && after.equals(manifest)) {
                return found.get();
            }
            manifest = after; // meanwhile a successor has taken its place
        }
        return new Verification.Replaced();
    }

    /** Empty where another has taken its place while it was read. */
    private Optional<Verification> compare(Optional<Manifest> manifest) throws IOException {
        String name = SnapshotNames.snapshot(database);
        Optional<FileFacts> file = disk.facts(name);
        if (manifest.isEmpty() || file.isEmpty()) {
            return Optional.of(new Verification.None());
        }
        CommittedSnapshot told = manifest.get().snapshot();
        if (file.get().bytes() != told.bytes()) {
            return Optional.of(new Verification.Different(told, file.get().bytes(), Optional.empty()));
        }
        Look look = new Look(manifest.get());
        ReadBack back;
        try {
            back = ReadBack.of(disk, name, 0, told.bytes(), look);
        } catch (NoSuchFileException e) {
            return Optional.of(new Verification.None()); // it has just been removed
        }
        return look.isReplaced
                ? Optional.empty()
                : Optional.of(back.bytes() == told.bytes() && back.crc32c().equals(told.crc32c())
                        ? new Verification.Right(told)
                        : new Verification.Different(told, back.bytes(), Optional.of(back.crc32c())));
    }

    private final class Look implements ReadBack.Slices {

        private final Manifest manifest;
        private long lookedAt;
        private boolean isReplaced;

        private Look(Manifest manifest) {
            this.manifest = manifest;
        }

        @Override
        public boolean read(long bytes) throws IOException {
            reading.read(bytes, manifest.snapshot().bytes());
            if (bytes - lookedAt >= LOOK_EVERY_BYTES) {
                lookedAt = bytes;
                isReplaced = !records.describing(database).equals(Optional.of(manifest));
            }
            return !isReplaced;
        }
    }
}
