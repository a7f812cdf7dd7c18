package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FileFacts;

/**
 * Brings the files of one database into order after any end of the last process. It believes neither a name nor a
 * size: a {@code .snapshot} is known by the record with its mark, and where no record has its mark, by its CRC-32C. It
 * deletes no file that may be a snapshot. Reading may take hours, so a start does without at first. A file with more bytes
 * than its whole file system is not read: it is a planted hole, or a partial file where a file system compresses, which is
 * read when its source comes.
 * <table>
 * <caption>crash matrix, by the step of {@link CommitProtocol} before which the machine died</caption>
 * <tr><th>died before</th><th>manifest</th><th>successor</th><th>.snapshot</th><th>.partial</th><th>start-up</th></tr>
 * <tr><td>payload forced</td><td>old or none</td><td>none</td><td>old or none</td><td>any</td><td>resumes from the
 * checkpoint, or removes the partial file</td></tr>
 * <tr><td>successor written</td><td>old or none</td><td>none</td><td>old or none</td><td>whole</td><td>the same</td></tr>
 * <tr><td>payload renamed</td><td>old or none</td><td>new</td><td>old or none</td><td>whole</td><td>reads it,
 * and renames it if its CRC is the successor's: the commit is finished</td></tr>
 * <tr><td>manifest written</td><td>old or none</td><td>new</td><td>new</td><td>none</td><td>writes the manifest</td></tr>
 * <tr><td>successor removed</td><td>new</td><td>new</td><td>new</td><td>none</td><td>removes the successor
 * record</td></tr>
 * </table>
 * Where the file system keeps no order among renames, a manifest may be durable whose payload's rename is not: then the
 * partial file has the manifest's mark, and the same is done. Or the payload has both names: then the older one goes.
 */
final class Recovery {

    private final Disk disk;
    private final Records records;
    private final DatabaseId database;
    private final Inventory inventory;
    private final String snapshot;
    private final String partial;

    /** @param inventory gets the findings */
    Recovery(Disk disk, Records records, DatabaseId database, Inventory inventory) {
        this.disk = disk;
        this.records = records;
        this.database = database;
        this.inventory = inventory;
        this.snapshot = SnapshotNames.snapshot(database);
        this.partial = SnapshotNames.partial(database);
    }

    /**
     * Does it, if that can be done without reading a payload.
     *
     * @return false when it cannot; nothing is changed then
     */
    boolean runWithoutReading() throws IOException {
        Optional<Manifest> manifest = records.manifest(database);
        Optional<Manifest> successor = records.successor(database);
        Optional<Manifest> marked = marked(manifest, successor);
        boolean cutShort = cutShort(manifest, successor).isPresent();
        if (cutShort || marked.isEmpty() && !mayBe(possible(snapshot), manifest, successor).isEmpty()) {
            return false;
        }
        settle(manifest, marked);
        return true;
    }

    /** Does it, and reads the payloads that have to be read for it. */
    void run() throws IOException {
        Optional<Manifest> manifest = records.manifest(database);
        Optional<Manifest> successor = records.successor(database);
        Optional<Manifest> cutShort = cutShort(manifest, successor);
        Optional<FileFacts> payload = disk.facts(partial);
        if (cutShort.isPresent() && ReadBack.isOf(disk, partial, cutShort.get().snapshot())) {
            ReadBack.makeDurable(disk, partial);
            requireUntouched(partial, payload);
            Manifest finished = Manifest.of(cutShort.get().snapshot(), payload.orElseThrow());
            disk.rename(partial, snapshot);
            if (!finished.marks(disk.facts(snapshot))) {
                throw touched(snapshot);
            }
            inventory.repaired(path(snapshot) + ": its commit was cut short, and is finished");
            settle(manifest, Optional.of(finished));
            return;
        }
        Optional<Manifest> marked = marked(manifest, successor);
        settle(manifest, marked.isPresent() ? marked : read(manifest, successor));
    }

    /** The record that has the mark of the file that is the snapshot now. */
    private Optional<Manifest> marked(Optional<Manifest> manifest, Optional<Manifest> successor) throws IOException {
        Optional<FileFacts> there = disk.facts(snapshot);
        return Stream.of(manifest, successor).flatMap(Optional::stream).filter(record -> record.marks(there))
                .findFirst();
    }

    /** The record of a commit whose payload has not been renamed, or not durably. */
    private Optional<Manifest> cutShort(Optional<Manifest> manifest, Optional<Manifest> successor) throws IOException {
        Optional<FileFacts> there = disk.facts(snapshot);
        Optional<FileFacts> payload = possible(partial);
        if (successor.filter(record -> record.marks(there)).isPresent()) {
            return Optional.empty();
        }
        Stream<Manifest> marking = Stream.of(successor, manifest).flatMap(Optional::stream)
                .filter(record -> record.marks(payload) && !record.marks(there));
        // copies have other marks; and an older version, which wrote no mark, wrote the manifest before it renamed the payload
        Stream<Manifest> other = manifest.filter(record -> record.marks(there)).isPresent()
                ? Stream.empty()
                : Stream.of(successor, manifest.filter(record -> record.fileMark().isEmpty()))
                        .flatMap(Optional::stream).filter(record -> record.mayBe(payload));
        return Stream.concat(marking, other).findFirst();
    }

    /**
     * A file that may be what it seems to be by its size. How much of it is on the disk is not known: Java does not tell,
     * and where a file system compresses, it may be less.
     */
    private Optional<FileFacts> possible(String name) throws IOException {
        Optional<FileFacts> facts = disk.facts(name);
        return facts.isPresent() && facts.get().bytes() > disk.totalBytes() ? Optional.empty() : facts;
    }

    private static List<Manifest> mayBe(Optional<FileFacts> there, Optional<Manifest> manifest,
            Optional<Manifest> successor) {
        return Stream.of(manifest, successor).flatMap(Optional::stream).filter(record -> record.mayBe(there)).toList();
    }

    /**
     * No record has the mark of the file: it was copied here, or an older version wrote the record, or a record is lost.
     */
    private Optional<Manifest> read(Optional<Manifest> manifest, Optional<Manifest> successor) throws IOException {
        Optional<FileFacts> there = possible(snapshot);
        List<Manifest> mayBe = mayBe(there, manifest, successor);
        if (mayBe.isEmpty()) {
            return Optional.empty();
        }
        Crc32c crc32c = ReadBack.of(disk, snapshot, 0, there.orElseThrow().bytes()).crc32c();
        Optional<Manifest> same = mayBe.stream().filter(record -> record.snapshot().crc32c().equals(crc32c))
                .findFirst();
        if (same.isPresent()) {
            ReadBack.makeDurable(disk, snapshot);
        }
        requireUntouched(snapshot, there);
        same.ifPresent(record -> inventory.repaired(path(snapshot)
                + " was read, because it is a copy or an older version wrote its manifest: it is what the manifest says"));
        return same.map(record -> Manifest.of(record.snapshot(), there.get()));
    }

    /** What has been read of a file says nothing of a file that has been written to, or exchanged, meanwhile. */
    private void requireUntouched(String name, Optional<FileFacts> before) throws IOException {
        if (!disk.facts(name).equals(before)) {
            throw touched(name);
        }
    }

    private IOException touched(String name) {
        return new IOException(path(name) + " was changed, or another put in its place, while it was read");
    }

    /** @param committed describes the present {@code .snapshot}; empty when there is none, or no record describes it */
    private void settle(Optional<Manifest> manifest, Optional<Manifest> committed) throws IOException {
        if (committed.isPresent()) {
            if (!committed.equals(manifest)) {
                disk.force(); // the payload's name before the old manifest goes
                records.writeManifest(committed.get());
                disk.force(); // before the record goes that has told it
            }
            if (committed.get().marks(disk.facts(partial))) {
                disk.remove(partial); // another name of the same file: nobody may write to it
            }
            inventory.add(committed.get().snapshot());
        } else {
            nothingCommitted(manifest.isPresent());
        }
        disk.remove(SnapshotNames.successor(database));
        underWay();
    }

    private void nothingCommitted(boolean readable) throws IOException {
        String manifest = SnapshotNames.manifest(database);
        if (disk.facts(snapshot).isPresent()) {
            inventory.repaired(path(snapshot) + (readable
                    ? " is not what its manifest says"
                    : " has no manifest that can be read") + ": it is not taken for a snapshot, and put aside as "
                    + putAside(snapshot));
        } else if (readable) {
            inventory.repaired(path(manifest) + " speaks of a snapshot that is not there: it is removed");
            disk.remove(manifest);
        }
        if (disk.facts(manifest).isPresent()) {
            inventory.repaired(path(manifest) + " speaks of no snapshot that is there, and is put aside as "
                    + putAside(manifest));
        }
    }

    /** @return the name that it has now */
    private String putAside(String name) throws IOException {
        String aside = inventory.aside(database, disk);
        disk.rename(name, aside);
        return aside;
    }

    private Path path(String name) {
        return disk.path().resolve(name);
    }

    private Duration age() throws IOException {
        Instant touched = Instant.EPOCH;
        for (String name : List.of(partial, SnapshotNames.checkpoint(database))) {
            Instant modified = disk.facts(name).map(FileFacts::modified).orElse(touched);
            touched = modified.isAfter(touched) ? modified : touched;
        }
        Duration age = Duration.between(touched, Instant.now());
        return age.isNegative() ? Duration.ZERO : age;
    }

    private void underWay() throws IOException {
        long there = disk.facts(partial).map(FileFacts::bytes).orElse(-1L);
        Optional<Checkpoint> checkpoint = records.checkpoint(database);
        if (there >= 0 && checkpoint.isPresent() && there >= checkpoint.get().bytes()) {
            inventory.add(new Inventory.Resumable(checkpoint.get(), age()));
            return;
        }
        if (there >= 0) {
            inventory.repaired(path(partial) + " cannot be resumed, it has "
                    + (checkpoint.isPresent() ? "fewer bytes than its checkpoint says" : "no checkpoint")
                    + ": it is removed");
        }
        disk.remove(SnapshotNames.checkpoint(database));
        disk.remove(partial);
    }
}
