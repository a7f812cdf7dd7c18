package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFull;
import io.mirrorbootstrap.store.Reason;

/** The room on the disk, and the refusals for a source whose bytes the disk does not take. Any thread. */
final class DiskRoom {

    /** The bytes of one payload that are written between two looks at the room. */
    static final long ASK_EVERY_BYTES = 1024 * 1024;

    private final Disk disk;
    private final long reserveBytes;

    /** @param reserveBytes how much is left to the mirror itself, 0 or more */
    DiskRoom(Disk disk, long reserveBytes) {
        this.disk = disk;
        this.reserveBytes = reserveBytes;
    }

    /** The bytes that may be written without touching the reserve, 0 or more. */
    long available() throws IOException {
        return Math.max(0, disk.usableBytes() - reserveBytes);
    }

    /**
     * Whether the disk has room for a payload.
     *
     * @param needed in bytes, 0 or more
     * @param freed bytes that are in use now, and not by the time the payload counts
     */
    Optional<Refusal> refuse(long needed, long freed) throws IOException {
        assert freed >= 0 : freed;
        long free = available();
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
        return available() == 0 ? Optional.of(full(missing, Optional.empty())) : Optional.empty();
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
            available = available();
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
