package io.mirrorbootstrap.mirror;

import java.nio.file.Path;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** What a mirror is doing about its first data. All sizes are in bytes. */
public sealed interface MirrorState {

    /** The word for it, in the API and in metrics. */
    String word();

    /** The cluster whose snapshot it is. */
    String sourceClusterId();

    /** The owner of that, see {@link io.mirrorbootstrap.snapshot.Principal#owner}. */
    Optional<String> owner();

    /** A snapshot that is not there. */
    sealed interface OfTransfer extends MirrorState {
        SnapshotIdentity identity();

        @Override
        default String sourceClusterId() {
            return identity().sourceClusterId();
        }

        @Override
        default Optional<String> owner() {
            return identity().owner();
        }
    }

    /** Its snapshot is on the way. */
    record Bootstrapping(SnapshotIdentity identity, long bytesDone, long durableBytes,
            Rate rate) implements OfTransfer {
        @Override
        public String word() {
            return "bootstrapping";
        }
    }

    /** Its link is gone; {@code bytesKept} bytes are kept until the source comes back. */
    record Disconnected(SnapshotIdentity identity, long bytesKept, long durableBytes) implements OfTransfer {
        @Override
        public String word() {
            return "disconnected";
        }
    }

    /** It has its snapshot, and may follow the source's log. */
    record Following(CommittedSnapshot snapshot, Path path) implements MirrorState {
        @Override
        public String word() {
            return "following";
        }

        @Override
        public String sourceClusterId() {
            return snapshot.sourceClusterId();
        }

        @Override
        public Optional<String> owner() {
            return snapshot.owner();
        }
    }

    /** Its snapshot was refused or could not be stored, after {@code bytesDone} bytes. */
    record Failed(SnapshotIdentity identity, long bytesDone) implements OfTransfer {
        @Override
        public String word() {
            return "failed";
        }
    }
}
