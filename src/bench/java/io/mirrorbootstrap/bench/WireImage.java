package io.mirrorbootstrap.bench;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/**
 * All that a source sends for a snapshot, as it is on the wire, masked and framed, made beforehand: the sender then only
 * hands a file to a socket, and two cores are as good as left to the receiver.
 */
final class WireImage {

    private static final int CHUNK_BYTES = 1024 * 1024;
    private static final int PATIENCE_MILLIS = 120_000;

    private final Path payload;
    private final Path image;
    private final String database;
    private final SnapshotIdentity identity;

    /**
     * @param payload the snapshot
     * @param image where the image is to be
     * @param frameBytes the size of a frame
     */
    WireImage(Path payload, Path image, String database, int frameBytes) throws IOException {
        this.payload = payload;
        this.image = image;
        this.database = database;
        try (FileChannel in = FileChannel.open(payload);
                FileChannel out = FileChannel.open(image, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            this.identity = new SnapshotIdentity("bench", new DatabaseId(database), 1, in.size(), crc(in));
            ByteBuffer data = ByteBuffer.allocate(CHUNK_BYTES);
            for (long at = 0; at < in.size(); at += data.limit()) {
                data.clear();
                while (data.hasRemaining() && in.read(data, at + data.position()) > 0) {
                    continue;
                }
                data.flip();
                byte[] head = ChunkEncoder.head(identity, at, data.limit(), Crc32c.of(data.duplicate()),
                        at + data.limit() == in.size());
                ByteBuffer message = ByteBuffer.allocate(head.length + data.limit()).put(head).put(data).flip();
                while (message.hasRemaining()) {
                    int length = Math.min(frameBytes, message.remaining());
                    boolean first = message.position() == 0;
                    boolean last = length == message.remaining();
                    out.write(frame((first ? 2 : 0) | (last ? 0x80 : 0), message.slice(message.position(), length)));
                    message.position(message.position() + length);
                }
            }
        }
    }

    private static Crc32c crc(FileChannel in) throws IOException {
        Crc32c crc = Crc32c.EMPTY;
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES);
        for (long at = 0; in.read(buffer.clear(), at) > 0;) {
            at += buffer.flip().remaining();
            crc = crc.followedBy(Crc32c.of(buffer.duplicate()), buffer.remaining());
        }
        return crc;
    }

    /** @param head the first byte: the kind of the frame, and 0x80 if it is the last of its message */
    static ByteBuffer frame(int head, ByteBuffer data) {
        int mask = 0x9D3A_71C5;
        ByteBuffer frame = ByteBuffer.allocate(14 + data.remaining()).put((byte) head);
        if (data.remaining() < 126) {
            frame.put((byte) (0x80 | data.remaining()));
        } else if (data.remaining() < 65536) {
            frame.put((byte) (0x80 | 126)).putShort((short) data.remaining());
        } else {
            frame.put((byte) (0x80 | 127)).putLong(data.remaining());
        }
        frame.putInt(mask);
        long wide = (long) mask << 32 | Integer.toUnsignedLong(mask);
        while (data.remaining() >= 8) {
            frame.putLong(data.getLong() ^ wide);
        }
        for (int i = 0; data.hasRemaining(); i++) {
            frame.put((byte) (data.get() ^ mask >>> 24 - 8 * (i % 4)));
        }
        return frame.order(ByteOrder.BIG_ENDIAN).flip();
    }

    Path payload() {
        return payload;
    }

    String database() {
        return database;
    }

    /** Sends it all, and returns when it is committed. */
    void send(int port) throws IOException {
        try (SocketChannel socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
                FileChannel all = FileChannel.open(image)) {
            socket.socket().setSoTimeout(PATIENCE_MILLIS);
            socket.write(ByteBuffer.wrap(("GET /v1/bootstrap HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                    + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
            DataInputStream in = new DataInputStream(Channels.newInputStream(socket));
            response(in);
            socket.write(frame(0x81,
                    ByteBuffer.wrap(JsonMessages.write(new Control.Open(Announcement.of(identity)))
                            .getBytes(StandardCharsets.UTF_8))));
            expect(answer(in), "opened");
            Thread sender = new Thread(() -> transfer(all, socket));
            sender.start();
            String answer = answer(in);
            while (answer.contains("\"pending\"")) {
                answer = answer(in);
            }
            expect(answer, "committed");
            sender.join();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** Sends the payload alone to a receiver without a protocol. */
    void sendRaw(int port) throws IOException {
        try (SocketChannel socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
                FileChannel all = FileChannel.open(payload)) {
            transfer(all, socket);
            socket.shutdownOutput();
            String crc = new BufferedReader(new InputStreamReader(Channels.newInputStream(socket))).readLine();
            if (Long.parseLong(crc) != identity.totalCrc32c().unsigned()) {
                throw new IOException("the floor has received something else");
            }
        }
    }

    static void transfer(FileChannel from, SocketChannel to) {
        try {
            for (long at = 0; at < from.size();) {
                at += from.transferTo(at, from.size() - at, to);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The head of an HTTP response, and nothing behind it. */
    static String response(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no response, but: " + head);
            }
            head.append((char) next);
        }
        return head.toString();
    }

    /**
     * The next text message; pings are skipped.
     *
     * @throws EOFException when the other end says goodbye
     */
    static String answer(DataInputStream in) throws IOException {
        while (true) {
            int kind = in.readUnsignedByte() & 0x0F;
            int length = in.readUnsignedByte();
            byte[] bytes = in.readNBytes(length == 126 ? in.readUnsignedShort() : length);
            if (kind == 1) {
                return new String(bytes, StandardCharsets.UTF_8);
            } else if (kind == 8) {
                throw new EOFException("closed: " + HexFormat.of().formatHex(bytes));
            }
        }
    }

    static void expect(String answer, String type) throws IOException {
        if (!answer.contains("\"" + type + "\"")) {
            throw new IOException("not " + type + ": " + answer);
        }
    }
}
