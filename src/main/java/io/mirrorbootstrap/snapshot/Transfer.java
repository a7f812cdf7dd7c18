package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.time.Duration;

/** The payload of one snapshot accepted so far: a partial file, how long it is, its running CRC. Guarded by its receiver. */
final class Transfer {

    /** Progress is reported each time this much or more has come since the last report, in bytes. */
    private static final long REPORT_BYTES = 1024 * 1024;

    private final SnapshotIdentity identity;
    private final PartialFile file;
    private final long startedNanos = System.nanoTime();
    private long bytesDone;
    private long bytesReported;
    private Crc32c crc = Crc32c.EMPTY;

    Transfer(SnapshotIdentity identity, PartialFile file) {
        this.identity = identity;
        this.file = file;
    }

    SnapshotIdentity identity() {
        return identity;
    }

    PartialFile file() {
        return file;
    }

    long bytesDone() {
        return bytesDone;
    }

    /** How many of {@link #bytesDone} survive a power cut. */
    long durableBytes() {
        return 0;
    }

    /** The CRC-32C of the first {@link #bytesDone} bytes. */
    Crc32c crc() {
        return crc;
    }

    Duration age() {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }

    /** The {@code bytes} bytes behind {@link #bytesDone} are accepted. */
    void accept(long bytes, Crc32c bytesCrc) {
        crc = crc.followedBy(bytesCrc, bytes);
        bytesDone += bytes;
    }

    /** Whether it is time to report that {@code done} bytes have come; if so, they count as reported. */
    boolean reportIsDue(long done) {
        if (done - bytesReported < REPORT_BYTES) {
            return false;
        }
        bytesReported = done;
        return true;
    }

    /** No byte that was not accepted remains. */
    void cutBack() throws IOException {
        file.truncate(bytesDone);
    }
}
