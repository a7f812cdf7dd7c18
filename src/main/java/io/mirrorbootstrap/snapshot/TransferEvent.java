package io.mirrorbootstrap.snapshot;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A change of a database's transfer or snapshot. All sizes are in bytes. */
public sealed interface TransferEvent {

    /** The database it is about. */
    DatabaseId database();

    /**
     * The source at {@code address} has opened a transfer or sent its first chunk; it goes on after {@code bytesDone}. It is a part of
     * {@code trace}, as the source says.
     */
    record Began(SnapshotIdentity identity, long bytesDone, long durableBytes, String address,
            Optional<TraceContext> trace) implements TransferEvent {

        /** By a source that says nothing of a trace. */
        public Began(SnapshotIdentity identity, long bytesDone, long durableBytes, String address) {
            this(identity, bytesDone, durableBytes, address, Optional.empty());
        }

        @Override
        public DatabaseId database() {
            return identity.database();
        }
    }

    /** Why bytes are read back. */
    enum VerifyReason {
        /** An earlier process has received them, or the disk has failed since. */
        LEFT,
        /** Their file was changed, or another put in its place, since it was last known. */
        TOUCHED
    }

    /** The source at {@code address} is back; the {@code bytesKept} bytes that are kept are read back before it may go on. */
    record Verifying(SnapshotIdentity identity, long bytesKept, VerifyReason reason,
            String address) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return identity.database();
        }
    }

    /** 1 MiB or more has been accepted since the last report. */
    record Progressed(SnapshotIdentity identity, long bytesDone, long durableBytes) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return identity.database();
        }
    }

    /** The snapshot is verified, durable and visible at {@code path}. */
    record Committed(CommittedSnapshot snapshot, Path path, Duration took) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return snapshot.database();
        }
    }

    /** A snapshot that an earlier process committed is there, at {@code path}. */
    record Found(CommittedSnapshot snapshot, Path path) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return snapshot.database();
        }
    }

    /** What a transfer that failed leaves. */
    enum Remains {
        /** Nothing; an earlier snapshot is as it was. */
        NOTHING,
        /** Its file, verified, in place of an earlier one: only its commit has to be finished, which is tried again. */
        SNAPSHOT,
        /** As {@link #SNAPSHOT}, but somebody has put another file in its place just then. */
        ANOTHER_FILE
    }

    /** The transfer is dropped, its partial file gone; {@code cause} is there when the sidecar itself failed. */
    record Failed(SnapshotIdentity identity, long bytesDone, Remains remains, Refusal refusal,
            Optional<Throwable> cause, Duration took)
            implements
                TransferEvent {
        @Override
        public DatabaseId database() {
            return identity.database();
        }
    }

    /**
     * A message of {@code who} was refused and the transfer, if there is one, stays as it was, whosesoever it is; {@code cause} as in
     * {@link Failed}.
     */
    record Refused(DatabaseId database, Principal who, Refusal refusal,
            Optional<Throwable> cause) implements TransferEvent {
    }

    /** {@code who} has asked for the end of a transfer where none is: what is told of an earlier one may be forgotten. */
    record NoneToAbort(DatabaseId database, Principal who) implements TransferEvent {
    }

    /** Why a transfer waits for its source. */
    enum KeptReason {
        /** Its link is gone. */
        LINK_LOST,
        /** The disk has failed it: what came behind the last checkpoint is given up. */
        DISK_FAILED,
        /** The process is ending. */
        PROCESS_ENDING,
        /** An earlier process left it. */
        FOUND_AT_START
    }

    /** The first {@code bytesKept} bytes wait for the source to come back. */
    record Kept(SnapshotIdentity identity, long bytesKept, long durableBytes,
            KeptReason reason) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return identity.database();
        }
    }

    /** Why a transfer ends without a fault. */
    enum DropReason {
        /** A caller has asked for it. */
        ABORTED,
        /** Its link is gone, and it was not opened. */
        LINK_LOST,
        /** Another begins in its place. */
        REPLACED,
        /** The bytes on disk are not those that were accepted. */
        DAMAGED,
        /** Its file is gone, or has fewer bytes than were accepted. */
        MISSING,
        /** Its source has not come back for too long. */
        EXPIRED,
        /** When it was whole, a snapshot was there that its source may not replace. */
        FORBIDDEN
    }

    /** The transfer ended without a fault of its own; nothing of it remains. */
    record Dropped(SnapshotIdentity identity, long bytesDone, DropReason reason) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return identity.database();
        }
    }

    /**
     * The file of the committed snapshot is gone, or has another size, though no caller has asked for that; its manifest
     * is there.
     */
    record Lost(CommittedSnapshot snapshot) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return snapshot.database();
        }
    }

    /**
     * A committed snapshot is there, at {@code path}, of which that is not told: somebody has brought its file back, or put it there
     * with its manifest.
     */
    record FoundAgain(CommittedSnapshot snapshot, Path path) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return snapshot.database();
        }
    }

    /** A source has said again from where to follow the committed snapshot at {@code path}, or its labels. */
    record Noted(CommittedSnapshot snapshot, Path path) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return snapshot.database();
        }
    }

    /** The committed snapshot is removed, as a caller has asked for. */
    record Removed(CommittedSnapshot snapshot) implements TransferEvent {
        @Override
        public DatabaseId database() {
            return snapshot.database();
        }
    }
}
