package io.mirrorbootstrap;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/** Sends one message after another, each mutated or not, on a link until that is closed, then on another: see {@link FloodIT}. */
final class FloodSource implements Callable<Void> {

    /** One link of so many is encrypted: to agree on keys takes longer than all else that is done here. */
    private static final int PLAIN_FOR_EACH_ENCRYPTED = 15;

    private final Connect plain;
    private final Connect encrypted;
    private final Random random;
    private final AtomicInteger left;
    private final Consumer<String> told;

    /** Opens a connection to the sidecar. */
    interface Connect {
        PlainSocket open() throws IOException;
    }

    /**
     * @param left how many messages all such sources together send still
     * @param told is told each answer by its code or type, and each end of a link
     */
    FloodSource(Connect plain, Connect encrypted, Random random, AtomicInteger left, Consumer<String> told) {
        this.plain = plain;
        this.encrypted = encrypted;
        this.random = random;
        this.left = left;
        this.told = told;
    }

    @Override
    public Void call() throws IOException {
        while (left.get() > 0) {
            try (PlainSocket link = connect()) {
                converse(link.upgraded());
            } catch (SocketException | EOFException e) {
                told.accept("cut"); // closed with bytes of ours unread: the close frame may be lost, as TCP has it
            }
        }
        return null;
    }

    private PlainSocket connect() {
        try {
            return (random.nextInt(1 + PLAIN_FOR_EACH_ENCRYPTED) == 0 ? encrypted : plain).open();
        } catch (IOException e) {
            throw new AssertionError("the sidecar is not there any more", e);
        }
    }

    private void converse(PlainSocket link) throws IOException {
        boolean open = true;
        while (open && left.getAndDecrement() > 0) {
            boolean text = random.nextInt(4) == 0;
            byte[] message = mutated(text ? control() : chunk());
            byte[] frames = frames(text, message);
            if (random.nextInt(16) == 0) {
                frames[random.nextInt(Math.min(frames.length, 8))] ^= (byte) (1 << random.nextInt(8));
                link.write(frames);
                link.write(frame(Frame.CLOSE, new byte[0])); // it may be payload now: then cut it
                told.accept("torn");
                return;
            }
            link.write(frames);
            open = answered(link);
        }
    }

    /** @return whether the link is open still */
    private boolean answered(PlainSocket link) throws IOException {
        Frame frame;
        try {
            frame = Frame.read(link.in());
        } catch (EOFException e) {
            told.accept("no answer");
            return false;
        }
        if (frame.head() == Frame.CLOSE) {
            told.accept("closed " + frame.closeCode());
            return false;
        }
        Answer answer = JsonMessages.answer(frame.text());
        if (!(answer instanceof Answer.Failure failure)) {
            told.accept(answer.getClass().getSimpleName().toLowerCase(Locale.ROOT));
            return true;
        }
        told.accept(failure.code());
        return !closes(failure) || answered(link);
    }

    /** An error of those that close is followed by the close. */
    private static boolean closes(Answer.Failure failure) {
        return ErrorCode.valueOf(failure.code().toUpperCase(Locale.ROOT)).closes().isPresent();
    }

    private SnapshotIdentity identity(byte[] whole) {
        return new SnapshotIdentity("cluster" + random.nextInt(2), new DatabaseId("db" + random.nextInt(8)),
                random.nextInt(3), random.nextInt(4) == 0 ? 0 : whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
    }

    private byte[] chunk() {
        byte[] whole = new byte[1 + random.nextInt(3000)];
        int from = random.nextInt(3) == 0 ? random.nextInt(whole.length) : 0;
        byte[] payload = Arrays.copyOfRange(whole, from, from + random.nextInt(whole.length - from + 1));
        Crc32c crc = random.nextInt(8) == 0 ? new Crc32c(random.nextInt()) : Crc32c.of(ByteBuffer.wrap(payload));
        byte[] head = ChunkEncoder.head(identity(whole), from, payload.length, crc, random.nextBoolean());
        return ByteBuffer.allocate(head.length + payload.length).put(head).put(payload).array();
    }

    private byte[] control() {
        SnapshotIdentity identity = identity(new byte[1 + random.nextInt(3000)]);
        return JsonMessages
                .write(random.nextBoolean()
                        ? new Control.Open(Announcement.of(identity))
                        : new Control.Abort(identity.database()))
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The same, or with some bytes changed, cut out, doubled, or all of them replaced. */
    private byte[] mutated(byte[] message) {
        byte[] bytes = message.clone();
        switch (random.nextInt(6)) {
            case 0:
                for (int i = 0; i <= random.nextInt(4); i++) {
                    bytes[random.nextInt(Math.min(bytes.length, 300))] = (byte) random.nextInt();
                }
                return bytes;
            case 1:
                return Arrays.copyOf(bytes, random.nextInt(bytes.length));
            case 2:
                int at = random.nextInt(Math.min(bytes.length, 300));
                byte[] hostile = List.of(new byte[]{(byte) 0xdf, 127, -1, -1, -1},
                        new byte[]{(byte) 0xc6, -1, -1, -1, -1},
                        new byte[]{(byte) 0xdd, 127, -1, -1, -1}, new byte[]{(byte) 0xcf, -1, 0, 0, 0, 0, 0, 0, 0},
                        new byte[random.nextInt(70_000)]).get(random.nextInt(5));
                return ByteBuffer.allocate(bytes.length + hostile.length).put(bytes, 0, at).put(hostile)
                        .put(bytes, at, bytes.length - at).array();
            case 3:
                random.nextBytes(bytes);
                return bytes;
            default :
                return bytes;
        }
    }

    private byte[] frames(boolean text, byte[] message) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int at = 0;
        do {
            int length = random.nextInt(4) == 0 ? random.nextInt(message.length - at + 1) : message.length - at;
            int head = (at > 0 || out.size() > 0 ? 0 : text ? 1 : 2) | (at + length == message.length ? 0x80 : 0);
            out.writeBytes(frame(head, Arrays.copyOfRange(message, at, at + length)));
            at += length;
            if ((head & 0x80) != 0) {
                return out.toByteArray();
            }
        } while (true);
    }

    private byte[] frame(int head, byte[] data) {
        return new Frame(head, data).bytes(random.nextInt());
    }
}
