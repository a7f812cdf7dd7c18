package io.mirrorbootstrap;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * A source that sends one snapshot after another of its database, drops its link and flips bits of its chunks at random,
 * comes back after every fault, and checks each promise made to it: what was called durable or committed stays, and no
 * more is sent again than was said.
 */
final class TortureSource implements Runnable {

    /** What happened, over all sources. */
    static final class Counts {
        final AtomicLong committed = new AtomicLong();
        final AtomicLong drops = new AtomicLong();
        final AtomicLong takeovers = new AtomicLong();
        final AtomicLong flipped = new AtomicLong();
        final AtomicLong full = new AtomicLong();
        final AtomicLong resumed = new AtomicLong();
        final AtomicLong accepted = new AtomicLong();
        final AtomicLong again = new AtomicLong();

        @Override
        public String toString() {
            return String.format(
                    "%s links dropped, %s takeovers, %s chunks corrupted, %s refused for a full disk; %s snapshots committed, %s resumes, "
                            + "%.1f %% of %s MiB sent again",
                    drops, takeovers, flipped, full, committed, resumed,
                    100.0 * again.get() / Math.max(1, accepted.get()), accepted.get() >> 20);
        }
    }

    private static final int MAX_BYTES = 6 * 1024 * 1024;

    private final String database;
    private final long seed;
    private final long checkpointBytes;
    private final Random random;
    private final Counts counts;
    private final Callable<RawClient> links;

    private volatile boolean finishing;
    private volatile long lastCommitted;
    /** How much of what was confirmed may be missing when the link comes back. */
    private volatile long mayBeMissing;

    private long lsn = 1;
    private long confirmed;
    private long durable;

    /** @param links opens one, which may fail */
    TortureSource(String database, long seed, long checkpointBytes, Counts counts, Callable<RawClient> links) {
        this.database = database;
        this.seed = seed;
        this.checkpointBytes = checkpointBytes;
        this.random = new Random(seed);
        this.counts = counts;
        this.links = links;
    }

    String database() {
        return database;
    }

    /** The last snapshot that was called committed, 0 when none was. */
    long lastCommitted() {
        return lastCommitted;
    }

    /** The snapshot with this LSN; its first bytes tell the LSN. */
    byte[] content(long of) {
        Random bytes = new Random(seed ^ of);
        byte[] content = new byte[8 + bytes.nextInt(MAX_BYTES)];
        bytes.nextBytes(content);
        ByteBuffer.wrap(content).putLong(of);
        return content;
    }

    long lsnOf(byte[] snapshot) {
        return ByteBuffer.wrap(snapshot).getLong();
    }

    /** Something is about to happen after which so many confirmed bytes may have to be sent again. */
    void expect(long missing) {
        mayBeMissing = Math.max(mayBeMissing, missing);
    }

    /** The snapshot under way is the last. */
    void finish() {
        finishing = true;
    }

    @Override
    public void run() {
        while (!finishing) {
            byte[] content = content(lsn);
            confirmed = 0;
            durable = 0;
            while (lastCommitted < lsn) {
                try {
                    attempt(content);
                } catch (AssertionError e) {
                    throw e;
                } catch (Exception e) {
                    // the sidecar is away, or the link: try again as soon as there is one
                    Thread.yield();
                }
            }
            lsn++;
        }
    }

    private void attempt(byte[] content) throws Exception {
        SnapshotIdentity announced = announced(content);
        RawClient client = links.call();
        try {
            long offset = open(client, announced, content);
            if (offset < 0) {
                return;
            }
            while (true) {
                int fault = random.nextInt(150);
                if (fault == 0) {
                    counts.drops.incrementAndGet();
                    return;
                } else if (fault == 1) {
                    takeover(client, announced, content, offset);
                    return;
                }
                int length = (int) Math.min(content.length - offset, 1 + random.nextInt(400_000));
                boolean done = offset + length == content.length;
                boolean flip = length > 0 && random.nextInt(100) == 0;
                byte[] head = ChunkEncoder.head(done ? whole(content, announced.totalBytes()) : announced, offset,
                        length,
                        Crc32c.of(ByteBuffer.wrap(content, (int) offset, length)), done);
                byte[] message = ByteBuffer.allocate(head.length + length).put(head).put(content, (int) offset, length)
                        .array();
                if (flip) {
                    message[head.length + random.nextInt(length)] ^= 4;
                    counts.flipped.incrementAndGet();
                }
                client.binary(message, 100_000);
                JsonNode answer = client.answer();
                String type = answer.path("type").asText();
                if (answer.path("code").asText().equals("insufficient_storage")) {
                    counts.full.incrementAndGet();
                    return;
                } else if (flip) {
                    check(answer.path("code").asText().equals("chunk_crc_mismatch"), answer);
                } else if (type.equals("committed")) {
                    counts.accepted.addAndGet(length);
                    committed();
                    return;
                } else {
                    check(type.equals("pending") && answer.path("bytes_done").asLong() == offset + length, answer);
                    counts.accepted.addAndGet(length);
                    offset += length;
                    confirmed = offset;
                    durable = Math.max(durable, answer.path("durable_bytes").asLong());
                    check(durable <= confirmed && confirmed - durable <= checkpointBytes, answer);
                }
            }
        } finally {
            client.cut();
        }
    }

    /** By turns a file, a file that is hashed while it is sent, and a stream. */
    private SnapshotIdentity announced(byte[] content) {
        boolean isStream = lsn % 3 == 2;
        return lsn % 3 == 0
                ? whole(content, content.length)
                : new SnapshotIdentity("cluster", new DatabaseId(database), isStream ? 0 : lsn,
                        isStream ? 0 : content.length, Crc32c.EMPTY).named("s-" + lsn);
    }

    private SnapshotIdentity whole(byte[] content, long totalBytes) {
        return new SnapshotIdentity("cluster", new DatabaseId(database), lsn, totalBytes,
                Crc32c.of(ByteBuffer.wrap(content)));
    }

    private long open(RawClient client, SnapshotIdentity identity, byte[] content) throws Exception {
        client.text(JsonMessages.write(new Control.Open(Announcement.of(identity))));
        JsonNode answer = client.answer();
        if (answer.path("type").asText().equals("committed")) {
            committed();
            return -1;
        }
        if (answer.path("code").asText().equals("insufficient_storage")) {
            counts.full.incrementAndGet();
            return -1;
        }
        check(answer.path("type").asText().equals("opened"), answer);
        long offset = answer.path("offset").asLong();
        check(offset == 0 || answer.path("crc32c").asText()
                .equals(Crc32c.of(ByteBuffer.wrap(content, 0, (int) offset)).toString()), answer);
        long missing = Math.max(0, confirmed - offset);
        check(missing <= mayBeMissing, answer);
        check(offset >= durable || mayBeMissing == Long.MAX_VALUE, answer);
        if (offset > 0) {
            counts.resumed.incrementAndGet();
        }
        counts.again.addAndGet(missing);
        mayBeMissing = 0;
        confirmed = offset;
        durable = Math.min(durable, offset);
        return offset;
    }

    private void takeover(RawClient first, SnapshotIdentity identity, byte[] content, long offset) throws Exception {
        counts.takeovers.incrementAndGet();
        RawClient second = links.call();
        try {
            long taken = open(second, identity, content);
            if (taken < 0) {
                return; // the disk is full
            }
            check(taken == offset, null);
            JsonNode last = first.answer();
            check(last.path("code").asText().equals("superseded"), last);
            check(List.of(4409, 1006).contains(first.closeCode()), last); // 1006: killed meanwhile
        } finally {
            second.cut();
        }
    }

    private void committed() {
        lastCommitted = lsn;
        counts.committed.incrementAndGet();
        mayBeMissing = 0;
    }

    private void check(boolean promise, JsonNode answer) {
        if (!promise) {
            throw new AssertionError(database + ", LSN " + lsn + ", confirmed " + confirmed + ", durable " + durable
                    + ", may be missing " + mayBeMissing + ": " + answer);
        }
    }
}
