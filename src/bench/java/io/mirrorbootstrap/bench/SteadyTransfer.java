package io.mirrorbootstrap.bench;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * A stream that does not end, on one link, at an even pace. So that the disk is not filled it starts afresh, at offset 0, after
 * each lap. Its frames are made beforehand and masked: it costs what handing them to the socket costs.
 */
final class SteadyTransfer implements AutoCloseable {

    private static final int MIB = 1024 * 1024;
    private static final int FRAME_BYTES = 256 * 1024;
    private static final int LAP_CHUNKS = 512;
    private static final int WINDOW_CHUNKS = 48;

    /** Of what it could not send in time it makes up for so much, and no more: else the rate of a stall is that after it. */
    private static final long MAX_BEHIND_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final SnapshotIdentity STREAM = new SnapshotIdentity("bench", new DatabaseId("steady"), 1, 0,
            Crc32c.EMPTY);

    private final Socket link;
    private final long intervalNanos;
    private final Semaphore window = new Semaphore(WINDOW_CHUNKS);
    private final AtomicLong confirmed = new AtomicLong();
    private final byte[] payload;
    private final Crc32c payloadCrc;
    private volatile String failure;
    private volatile boolean isClosed;

    /**
     * Begins.
     *
     * @param link an open link, which this closes
     * @param mibPerSecond its pace
     */
    SteadyTransfer(Socket link, int mibPerSecond) throws IOException {
        this.link = link;
        this.intervalNanos = TimeUnit.SECONDS.toNanos(1) / mibPerSecond;
        byte[] data = new byte[MIB];
        new Random(1).nextBytes(data);
        this.payloadCrc = Crc32c.of(ByteBuffer.wrap(data));
        this.payload = framed(data);
        DataInputStream in = new DataInputStream(link.getInputStream());
        Target.write(link, WireImage.frame(0x81,
                ByteBuffer.wrap(JsonMessages.write(new Control.Open(Announcement.of(STREAM)))
                        .getBytes(StandardCharsets.UTF_8))));
        WireImage.expect(WireImage.answer(in), "opened");
        link.setSoTimeout(0);
        start("steady source", this::send);
        start("steady source's answers", () -> hear(in));
    }

    private static byte[] framed(byte[] data) {
        ByteArrayOutputStream frames = new ByteArrayOutputStream(data.length + 64);
        for (int at = 0; at < data.length; at += FRAME_BYTES) {
            boolean last = at + FRAME_BYTES == data.length;
            ByteBuffer frame = WireImage.frame(last ? 0x80 : 0, ByteBuffer.wrap(data, at, FRAME_BYTES).slice());
            frames.write(frame.array(), frame.position(), frame.remaining());
        }
        return frames.toByteArray();
    }

    private interface Part {
        void run() throws IOException, InterruptedException;
    }

    private void start(String name, Part part) {
        Thread thread = new Thread(() -> {
            try {
                part.run();
            } catch (IOException | InterruptedException e) {
                failure = failure == null ? e.toString() : failure;
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void send() throws IOException, InterruptedException {
        OutputStream out = link.getOutputStream();
        long due = System.nanoTime();
        for (int chunk = 0; !isClosed; chunk = (chunk + 1) % LAP_CHUNKS) {
            window.acquire();
            due = Math.max(due + intervalNanos, System.nanoTime() - MAX_BEHIND_NANOS);
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            Target.write(link, WireImage.frame(2,
                    ByteBuffer.wrap(ChunkEncoder.head(STREAM, (long) chunk * MIB, MIB, payloadCrc, false))));
            out.write(payload);
        }
    }

    private void hear(DataInputStream in) throws IOException {
        while (!isClosed) {
            String answer = WireImage.answer(in);
            WireImage.expect(answer, "pending");
            confirmed.addAndGet(MIB);
            window.release();
        }
    }

    /** How many bytes the sidecar has confirmed so far. */
    long confirmedBytes() {
        return confirmed.get();
    }

    /** Why it has ended, if it has. */
    Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public void close() throws IOException {
        isClosed = true;
        link.close();
    }
}
