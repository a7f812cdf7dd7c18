package io.mirrorbootstrap.ops;

import java.util.LinkedHashMap;
import java.util.Map;

import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TransferEvent;

/**
 * Finds in the events how many bytes of snapshots come again: they were accepted in this process, and have been given up since. Knows
 * the last transfer of each database, of so many databases as the board has rows. Any thread.
 */
final class ResentBytes {

    /** How far the bytes of a snapshot have come at most, and how far those of its transfer under way. */
    private static final class Reach {
        private final SnapshotIdentity identity;
        private long most;
        private long now;

        Reach(SnapshotIdentity identity) {
            this.identity = identity;
        }

        /** The bytes up to {@code end} are accepted: how many of them had been before. */
        long reaches(long end) {
            long again = Math.max(0, Math.min(end, most) - now);
            now = end;
            most = Math.max(most, end);
            return again;
        }
    }

    /** Guarded by this. */
    private final Map<DatabaseId, Reach> reaches = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<DatabaseId, Reach> eldest) {
            return size() > StatusBoard.MAX_ROWS;
        }
    };

    /** How many bytes have come again by {@code event}. */
    synchronized long by(TransferEvent event) {
        if (event instanceof TransferEvent.Began began) {
            begins(began.identity(), began.bytesDone());
        } else if (event instanceof TransferEvent.Progressed progressed) {
            return reaches(event, progressed.bytesDone());
        } else if (event instanceof TransferEvent.Kept kept) {
            return reaches(event, kept.bytesKept());
        } else if (event instanceof TransferEvent.Dropped dropped) {
            return reaches(event, dropped.bytesDone());
        } else if (event instanceof TransferEvent.Failed failed) {
            return reaches(event, failed.bytesDone());
        } else if (event instanceof TransferEvent.Committed committed) {
            long again = reaches(event, committed.snapshot().bytes());
            reaches.remove(event.database());
            return again;
        }
        return 0;
    }

    private void begins(SnapshotIdentity identity, long bytesDone) {
        Reach reach = reaches.get(identity.database());
        if (reach == null || !reach.identity.isSame(identity)) {
            reach = new Reach(identity);
            reach.most = bytesDone;
            reaches.put(identity.database(), reach);
        }
        reach.now = bytesDone;
    }

    private long reaches(TransferEvent event, long bytes) {
        Reach reach = reaches.get(event.database());
        return reach == null ? 0 : reach.reaches(bytes);
    }
}
