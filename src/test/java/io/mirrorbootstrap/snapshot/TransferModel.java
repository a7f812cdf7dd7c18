package io.mirrorbootstrap.snapshot;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

import io.mirrorbootstrap.snapshot.SnapshotIdentity.Part;

/**
 * What docs/protocol.md says becomes of one database's transfer, in memory; answers are text. Where that page is silent it
 * follows the product: a stream is never recognized as what is committed.
 */
final class TransferModel {

    /** The committed snapshot's bytes, null when there is none. */
    byte[] snapshot;
    private SnapshotIdentity committed;

    /** Null when no transfer is under way or kept. */
    private SnapshotIdentity identity;
    private byte[] bytes;
    private long durableBytes;
    private boolean opened;
    private boolean begun;
    /** Null when the transfer is kept. */
    private Source owner;
    private final Set<Source> superseded = new HashSet<>();

    boolean isIdle() {
        return identity == null;
    }

    boolean isUnderWay() {
        return owner != null;
    }

    /** What is in the partial file, -1 when there is none; of a kept transfer more may be in it. */
    long partialBytes() {
        return identity != null && begun ? bytes.length : -1;
    }

    boolean isSuperseded(Source source) {
        return superseded.contains(source);
    }

    String open(Source source, SnapshotIdentity wanted) {
        if (!wanted.isStream() && wanted.equals(committed)) {
            return committed();
        }
        own(source);
        if (identity == null || !mismatch(wanted, false).isEmpty()) {
            begin(wanted);
        }
        opened = true;
        return "opened " + bytes.length;
    }

    /** Rules 2 and 3, as far as they can be told before the payload has come; a kept transfer goes on. */
    Optional<String> head(Source source, SnapshotIdentity stamped, long offset) {
        if (offset == 0) {
            return Optional.empty();
        }
        boolean kept = identity != null && owner == null;
        if (kept && offset == bytes.length && belongs(stamped)) {
            own(source);
        }
        long expected = owner == source ? bytes.length : 0;
        if (owner != source || offset != expected) {
            return Optional.of(new Refusal.OffsetRegression(expected, offset).toString());
        }
        return belongs(stamped) ? Optional.empty() : mismatch(stamped, false);
    }

    String chunk(Source source, SnapshotIdentity stamped, long offset, byte[] data, boolean done,
            Optional<Crc32c> chunkCrc32c) {
        if (offset > 0 && owner != source) {
            return new Refusal.OffsetRegression(0, offset).toString();
        }
        if (offset > 0 && mismatch(stamped, done).isPresent()) {
            return mismatch(stamped, done).get();
        }
        if (chunkCrc32c.isPresent() && !chunkCrc32c.get().equals(crc(data))) {
            return new Refusal.ChunkCrcMismatch(offset, chunkCrc32c.get(), crc(data)).toString();
        }
        long end = offset + data.length;
        if (stamped.totalBytes() > 0 && (end > stamped.totalBytes() || done && end < stamped.totalBytes())) {
            if (offset > 0) {
                drop();
            }
            return new Refusal.SnapshotSizeMismatch(stamped.totalBytes(), end).toString();
        }
        if (offset == 0) {
            if (owner != source && isSuperseded(source)) {
                return new Refusal.Superseded(stamped.database()).toString();
            }
            opened &= owner == source;
            own(source);
            begin(stamped);
        }
        begun = true;
        bytes = ByteBuffer.allocate((int) end).put(bytes).put(data).array();
        return done ? finish(stamped) : "pending " + end;
    }

    private String finish(SnapshotIdentity stamped) {
        byte[] whole = bytes;
        drop();
        if (!stamped.totalCrc32c().equals(crc(whole))) {
            return new Refusal.SnapshotCrcMismatch(stamped.totalCrc32c(), crc(whole)).toString();
        }
        snapshot = whole;
        committed = new SnapshotIdentity(stamped.sourceClusterId(), stamped.database(), stamped.lsn(), whole.length,
                crc(whole));
        return committed();
    }

    /** {@code bytes} were said to survive; never fewer than before, and only of what was opened. */
    boolean isDurable(long durable, long checkpointBytes) {
        boolean right = opened
                ? durable >= durableBytes && durable <= bytes.length && bytes.length - durable < checkpointBytes
                : durable == 0;
        durableBytes = durable;
        return right;
    }

    void drop() {
        identity = null;
        owner = null;
    }

    void disconnect(Source source) {
        if (owner == source && opened && begun && bytes.length > 0) { // without a byte there is nothing to go on with
            owner = null;
            durableBytes = bytes.length;
        } else if (owner == source) {
            drop();
        }
    }

    /** The process is killed, and another starts. */
    void restart() {
        if (identity == null || !opened || durableBytes == 0) {
            drop();
        } else {
            owner = null;
            bytes = Arrays.copyOf(bytes, (int) durableBytes);
        }
    }

    private void begin(SnapshotIdentity of) {
        identity = of;
        bytes = new byte[0];
        durableBytes = 0;
        begun = false;
    }

    private void own(Source source) {
        if (owner != null && owner != source) {
            superseded.add(owner);
        }
        owner = source;
    }

    private boolean belongs(SnapshotIdentity stamped) {
        return mismatch(stamped, false).isEmpty() || mismatch(stamped, true).isEmpty();
    }

    private Optional<String> mismatch(SnapshotIdentity stamped, boolean last) {
        Object[][] fields = {
                {Part.CLUSTER, identity.sourceClusterId(), stamped.sourceClusterId()},
                {Part.LSN, identity.lsn(), stamped.lsn()},
                {Part.SIZE, identity.totalBytes(), stamped.totalBytes()},
                {Part.CRC32C, identity.totalCrc32c(), stamped.totalCrc32c()}};
        for (Object[] field : fields) {
            // a stream may leave its CRC 0 until its last chunk
            boolean leeway = field[0] == Part.CRC32C && identity.totalBytes() == 0
                    && Crc32c.EMPTY.equals(field[last ? 1 : 2]);
            if (!leeway && !field[1].equals(field[2])) {
                return Optional.of(new Refusal.IdentityMismatch((Part) field[0], field[1], field[2]).toString());
            }
        }
        return Optional.empty();
    }

    private String committed() {
        return committed(committed.lsn(), committed.totalBytes(), committed.totalCrc32c());
    }

    static String committed(long lsn, long bytes, Crc32c crc32c) {
        return "committed LSN " + lsn + ", " + bytes + " bytes, " + crc32c;
    }

    private static Crc32c crc(byte[] of) {
        return Crc32c.of(ByteBuffer.wrap(of));
    }
}
