package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;

/**
 * Makes the files that have no lasting name yet. Each name is used once: neither a file that an earlier process left nor a
 * planted one can be in the way. Any thread.
 */
final class NewFiles {

    private final String own = UUID.randomUUID().toString();
    private final AtomicLong made = new AtomicLong();
    private final Disk disk;
    private final DiskRoom room;

    NewFiles(Disk disk, DiskRoom room) {
        this.disk = disk;
        this.room = room;
    }

    /** A name that no file has; a start removes a file of this name. */
    String name(String purpose) {
        return SnapshotNames.unfinished(purpose, own + "." + made.incrementAndGet());
    }

    /** A file for the payload of a transfer that does not have the name {@code .partial} yet. */
    PartialFile partial(DatabaseId database) throws IOException {
        disk.make();
        return PartialFile.create(disk, room, name(database.value()));
    }

    /** A file without a name: it is gone when it is closed, also by the death of the process. */
    DiskFile unnamed() throws IOException {
        disk.make();
        return disk.createUnnamed(name("spill"));
    }

    /**
     * Makes a file and removes it.
     *
     * @return whether the disk tells upper from lower case in its name
     */
    boolean probe() throws IOException {
        disk.make();
        String name = name("probe");
        try {
            disk.create(name).close();
            return LetterCase.isTold(disk, name);
        } finally {
            disk.remove(name);
        }
    }
}
