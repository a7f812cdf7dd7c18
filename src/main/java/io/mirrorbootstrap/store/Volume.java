package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/** The file system that a directory is on, as far as its room is concerned. Any thread. */
final class Volume {

    /** Those that count with their next transaction, whatever is forced. */
    private static final Set<String> COUNT_LATE = Set.of("btrfs", "zfs");

    private final FileStore store;

    private Volume(FileStore store) {
        this.store = store;
    }

    /** The one that {@code directory} is on. Finding it reads the table of mounts: not for each chunk. */
    static Volume of(Path directory) throws IOException {
        return new Volume(Files.getFileStore(directory));
    }

    /** As {@link Disk#usableBytes}. */
    long usableBytes() throws IOException {
        return store.getUsableSpace();
    }

    /** As {@link Disk#totalBytes}. */
    long totalBytes() throws IOException {
        long total = store.getTotalSpace();
        return total > 0 ? total : Long.MAX_VALUE; // some file systems behind a network do not tell
    }

    /** As {@link Disk#countsLate}. */
    boolean countsLate() {
        return COUNT_LATE.contains(store.type());
    }
}
