package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFull;
import io.mirrorbootstrap.store.Reason;

/**
 * The room on the disk, and the refusals for a source whose bytes the disk does not take. Any thread.
 * <p>
 * Some file systems count bytes as used when they are written (ext4, xfs), others when they are forced, or later on by themselves (behind a
 * network, the server's). So what this process has not forced is taken from the room, and where that decides it is forced, and the disk is asked
 * again. For those that do not count even then (btrfs) there is {@link LateRoom}.
 */
final class DiskRoom {

    /** The bytes of one payload that are written between two looks at the room. */
    static final long ASK_EVERY_BYTES = 1024 * 1024;

    private final Disk disk;
    private final long reserveBytes;
    private final Set<Writing> files = ConcurrentHashMap.newKeySet();
    private final LateRoom late = new LateRoom(System::nanoTime);

    /** A file that is being written. Any thread. */
    interface Writing {

        /** How much of it is written and not forced, in bytes. */
        long unforcedBytes();

        /** Has as little as possible of it unforced: else it is counted on. */
        void force() throws IOException;
    }

    /** @param reserveBytes how much is left to the mirror itself, 0 or more */
    DiskRoom(Disk disk, long reserveBytes) {
        this.disk = disk;
        this.reserveBytes = reserveBytes;
    }

    /** A file is longer by so many bytes, or shorter where they are less than 0. */
    void written(long bytes) {
        late.written(bytes);
    }

    /** A file is written from now on. */
    void opened(Writing file) {
        files.add(file);
    }

    /** Nothing is written to it any more, and what was is forced or of no worth. */
    void closed(Writing file) {
        files.remove(file);
    }

    /**
     * The bytes that may be written without touching the reserve, 0 or more.
     *
     * @param wanted for how many that is to be found out, at the cost of forcing what is not forced
     */
    private long available(long wanted) throws IOException {
        if (disk.countsLate()) {
            return Math.max(0, late.bytes(disk.usableBytes()) - reserveBytes);
        }
        long unforced = unforcedBytes(); // before the disk is asked: what is forced in between may count twice, not never
        long free = free();
        if (wanted <= free && wanted > free - unforced) {
            files.forEach(DiskRoom::forceIfNeeded);
            unforced = unforcedBytes();
            free = free();
        }
        return Math.max(0, free - unforced);
    }

    private long free() throws IOException {
        return Math.max(0, disk.usableBytes() - reserveBytes);
    }

    private long unforcedBytes() {
        return files.stream().mapToLong(Writing::unforcedBytes).sum();
    }

    private static void forceIfNeeded(Writing file) {
        try {
            if (file.unforcedBytes() > 0) {
                file.force();
            }
        } catch (IOException e) {
            // whoever writes it meets the same, unless it is closed; what is not forced still counts
        }
    }

    /**
     * Whether the disk has room for a payload.
     *
     * @param needed in bytes, 0 or more
     * @param freed bytes that are in use now, and not by the time the payload counts
     */
    Optional<Refusal> refuse(long needed, long freed) throws IOException {
        assert freed >= 0 : freed;
        long free = available(needed - freed);
        long available = free + Math.min(freed, Long.MAX_VALUE - free); // a file system behind a network may say it has nearly 2^63 bytes
        return needed > available
                ? Optional.of(new Refusal.InsufficientStorage(needed, available, reserveBytes, Optional.empty()))
                : Optional.empty();
    }

    /**
     * Whether no byte more may be written.
     *
     * @param missing as for {@link #full}
     */
    Optional<Refusal> refuseIfFull(long missing) throws IOException {
        return available(1) == 0 ? Optional.of(full(missing, Optional.empty())) : Optional.empty();
    }

    /**
     * The refusal when the disk has no room.
     *
     * @param missing how many bytes of the snapshot, as far as that is known; where it is none, its record finds no room
     * @param failure of the attempt to write; empty when nothing was tried
     */
    Refusal full(long missing, Optional<Exception> failure) {
        long needed = Math.max(1, missing);
        long available = 0;
        try {
            available = available(0);
        } catch (IOException e) {
            // nothing is known to be available
        }
        return new Refusal.InsufficientStorage(needed, available, reserveBytes,
                otherThanBytes(needed, available, failure.filter(DiskFull::is)));
    }

    private static Optional<String> otherThanBytes(long needed, long available, Optional<Exception> failure) {
        if (failure.isEmpty()) {
            return Optional.empty();
        } else if (DiskFull.isQuota(failure.get())) {
            return Optional.of("the quota on the mirror's disk is used up");
        } else if (available < needed) {
            return Optional.empty();
        }
        return Optional.of(DiskFull.isOfName(failure.get())
                ? "no more file can be made on the mirror's disk: it has no inode left, but " + available
                        + " bytes that may be used"
                : "the mirror's disk says that it is full, though it has " + available + " bytes that may be used");
    }

    /**
     * The refusal for a failure that changes nothing of a transfer.
     *
     * @param missing as for {@link #full}
     */
    Refusal failed(Exception failure, long missing) {
        return DiskFull.is(failure) ? full(missing, Optional.of(failure)) : broken(failure);
    }

    /** The refusal when what is kept of a transfer cannot be gone on with, for the first time. */
    static Refusal doubtful() {
        return new Refusal.Transport(
                "the sidecar cannot read, or not write to, what it has of the snapshot, its log says"
                        + " why: if it cannot when the source comes back either, the snapshot begins at 0");
    }

    /** The file of a snapshot is in place, and its commit is not over. */
    static Refusal unfinished(Exception failure) {
        return new Refusal.Transport(
                "the sidecar has the whole snapshot in place, and its disk failed before the commit was over"
                        + Reason.kind(failure).map(kind -> " (" + kind + ")").orElse("")
                        + ": it is finished later, come back");
    }

    /** Tells a stranger nothing about the sidecar's files: the log has the cause. */
    static Refusal broken() {
        return new Refusal.Transport("the sidecar could not store the snapshot, its log says why");
    }

    /** As {@link #broken()}, with the kind of the failure where it has one. */
    static Refusal broken(Exception failure) {
        return Reason.kind(failure).<Refusal>map(
                kind -> new Refusal.Transport("the sidecar could not store the snapshot: " + kind))
                .orElseGet(DiskRoom::broken);
    }
}
