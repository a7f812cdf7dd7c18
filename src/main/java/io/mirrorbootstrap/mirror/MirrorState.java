package io.mirrorbootstrap.mirror;

import java.nio.file.Path;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** What a mirror is doing about its first data. All sizes are in bytes. */
public sealed interface MirrorState {

    /** Its snapshot is on the way. */
    record Bootstrapping(SnapshotIdentity identity, long bytesDone, long durableBytes,
            Rate rate) implements MirrorState {
    }

    /** Its link is gone; {@code bytesKept} bytes are kept until the source comes back. */
    record Disconnected(SnapshotIdentity identity, long bytesKept, long durableBytes) implements MirrorState {
    }

    /** It has its snapshot, and may follow the source's log. */
    record Following(CommittedSnapshot snapshot, Path path) implements MirrorState {
    }

    /** Its snapshot was refused or could not be stored, after {@code bytesDone} bytes. */
    record Failed(SnapshotIdentity identity, long bytesDone) implements MirrorState {
    }
}
