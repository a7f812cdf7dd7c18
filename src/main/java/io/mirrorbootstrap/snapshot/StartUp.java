package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

import io.mirrorbootstrap.store.DirectoryTakenException;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.DiskFull;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.Reason;

/**
 * One start on a directory: takes it for this process, tries out all that a transfer needs of it, and has {@link Recovery}
 * bring the files of each database into order. One thread.
 */
final class StartUp {

    private final Disk disk;
    private final Records records;
    private final NewFiles newFiles;
    private final Inventory inventory = new Inventory();

    StartUp(Disk disk, Records records, NewFiles newFiles) {
        this.disk = disk;
        this.records = records;
        this.newFiles = newFiles;
    }

    /** Does all that needs no payload to be read; see {@link SnapshotDirectory#prepare}. */
    Inventory run(LetterCase letterCase) throws IOException {
        disk.lock().ifPresent(inventory::repaired);
        step("it cannot be made", disk::make);
        Optional<Boolean> tellsCase = tryOut();
        // this process builds on changes of an earlier process that may not be forced
        step("its list of names cannot be made durable", disk::force);
        Set<DatabaseId> databases = letterCase.started(tellsCase, databases(), inventory::repaired);
        if (letterCase.isNotTold()) {
            inventory.repaired(
                    disk.path() + " does not tell upper from lower case: nothing is received for a database whose "
                            + "name has an upper-case letter");
        }
        recover(databases);
        disk.force();
        return inventory;
    }

    /** Brings the files of one database into order that {@link #run} could not without reading a payload. */
    Inventory read(DatabaseId database) throws IOException {
        new Recovery(disk, records, database, inventory).run();
        disk.force();
        return inventory;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    private static void step(String failed, Step step) throws IOException {
        try {
            step.run();
        } catch (DirectoryTakenException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(failed + ": " + Reason.of(e), e);
        }
    }

    /**
     * Tries all file operations of a transfer, so that a start says which one is not possible. A full disk stops no start.
     *
     * @return whether upper is told from lower case; empty where no file could be made
     */
    private Optional<Boolean> tryOut() throws IOException {
        String name = newFiles.name("probe");
        String renamed = newFiles.name("probe");
        Optional<Boolean> tellsCase = Optional.empty();
        try {
            DiskFile[] made = new DiskFile[1];
            step("no file can be made in it", () -> made[0] = disk.create(name));
            try (DiskFile file = made[0]) {
                tellsCase = Optional.of(LetterCase.isTold(disk, name));
                disk.otherGroup(name).ifPresent(inventory::repaired);
                step("a file in it cannot be written to", () -> file.write(ByteBuffer.wrap(new byte[1]), 0));
                step("a file in it cannot be made durable", file::force);
                step("a file in it cannot be cut", () -> file.truncate(0));
            }
            step("a file in it cannot be renamed", () -> disk.rename(name, renamed));
        } catch (IOException e) {
            if (!DiskFull.is(e)) {
                throw e;
            }
            inventory.repaired(disk.path() + " has no room now: " + e.getMessage());
        }
        removeUnfinished(name);
        removeUnfinished(renamed);
        return tellsCase;
    }

    /** A file that cannot be removed, as a busy one of NFS, does no harm: no name is used twice. */
    private void removeUnfinished(String name) {
        try {
            disk.remove(name);
        } catch (IOException e) { // also of a planted name that is none in this process' locale: it makes no path
            inventory.repaired(disk.path() + "/" + Text.readable(name) + " is of no worth and cannot be removed: "
                    + Reason.of(e));
        }
    }

    /** The databases that have a file here; unfinished files are removed on the way. */
    private Set<DatabaseId> databases() throws IOException {
        Set<DatabaseId> databases = new TreeSet<>(Comparator.comparing(DatabaseId::value));
        for (String name : disk.names()) {
            if (SnapshotNames.isUnfinished(name)) {
                removeUnfinished(name);
            }
            SnapshotNames.database(name).ifPresent(databases::add);
        }
        return databases;
    }

    private void recover(Set<DatabaseId> databases) {
        Map<DatabaseId, Long> toBeRead = new HashMap<>();
        for (DatabaseId database : databases) {
            if (inventory.known() + toBeRead.size() == Inventory.MAX_DATABASES) {
                inventory.leftOut(database);
            } else if (!recoverWithoutReading(database)) {
                toBeRead.put(database, payloadBytes(database));
            }
        }
        // the least first: planted gigabytes, perhaps of a hole, hold up only databases that have as many
        toBeRead.entrySet().stream().sorted(Map.Entry.comparingByValue()).map(Map.Entry::getKey)
                .forEach(inventory::toBeRead);
    }

    /** A database whose files cannot be brought into order stops no other: it is tried again after the start. */
    private boolean recoverWithoutReading(DatabaseId database) {
        try {
            return new Recovery(disk, records, database, inventory).runWithoutReading();
        } catch (IOException e) {
            inventory.repaired(database + ": its files cannot be brought into order: " + Reason.of(e));
            return false;
        }
    }

    /** How much of a database may have to be read, in bytes, at most. */
    private long payloadBytes(DatabaseId database) {
        try {
            long partial = disk.facts(SnapshotNames.partial(database)).map(FileFacts::bytes).orElse(0L);
            return partial + disk.facts(SnapshotNames.snapshot(database)).map(FileFacts::bytes).orElse(0L);
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }
}
