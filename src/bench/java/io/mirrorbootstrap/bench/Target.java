package io.mirrorbootstrap.bench;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;

/**
 * A service on loopback, as those who speak to it by a plain socket see it. Any thread.
 *
 * @param port for HTTP
 * @param tlsPort for HTTPS
 * @param token lets in those who show it
 */
record Target(int port, int tlsPort, String token) {

    /** So many messages of one kind are on their way on a link at once. */
    static final int BATCH = 64;

    private static final int PATIENCE_MILLIS = 5000;

    /** So many addresses of this machine connect: one has no more than 28 000 ports, and those that have ended keep theirs. */
    private static final int ADDRESSES = 200;

    /** A connection to {@code to}, from one of many addresses. */
    static Socket connect(int to) throws IOException {
        return connect(to, 0);
    }

    /**
     * As above.
     *
     * @param receiveBytes how much the kernel holds of what is not read; 0: as the kernel has it
     */
    static Socket connect(int to, int receiveBytes) throws IOException {
        Socket socket = new Socket();
        try {
            if (receiveBytes > 0) {
                socket.setReceiveBufferSize(receiveBytes);
            }
            byte[] from = {127, 0, 0, (byte) (2 + ThreadLocalRandom.current().nextInt(ADDRESSES))};
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(from), 0));
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), to), PATIENCE_MILLIS);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** A link of somebody who has the token. */
    Socket link() throws IOException {
        Socket socket = connect(port);
        try {
            upgrade(socket);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** A link of somebody who has a certificate. */
    SSLSocket link(SSLContext tls) throws IOException {
        SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(connect(tlsPort), "localhost", tlsPort,
                true);
        try {
            upgrade(socket);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Makes a link of a connection. */
    void upgrade(Socket socket) throws IOException {
        socket.getOutputStream().write(get("/v1/bootstrap", "Authorization: Bearer " + token, "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
        String response = WireImage.response(socket.getInputStream());
        if (!response.startsWith("HTTP/1.1 101")) {
            throw new IOException(response.lines().findFirst().orElse("no answer"));
        }
    }

    /** A request. */
    static byte[] get(String path, String... headers) {
        StringBuilder request = new StringBuilder("GET ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** Sends something, and reads until the other end closes. */
    static String exchange(Socket socket, byte[] request) throws IOException {
        socket.getOutputStream().write(request);
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /**
     * Asks for liveness, as the manifests in k8s do.
     *
     * @return what is wrong with the answer; empty if it is alive
     */
    String probe() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MILLIS);
            String answer = exchange(socket, get("/q/health/live", "Connection: close"));
            return answer.startsWith("HTTP/1.1 200")
                    ? ""
                    : answer.lines().findFirst().orElse("closed without an answer");
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    /** A whole snapshot, framed, as one chunk. */
    static ByteBuffer snapshot(String cluster, String database, byte[] payload) {
        Crc32c crc = Crc32c.of(ByteBuffer.wrap(payload));
        SnapshotIdentity identity = new SnapshotIdentity(cluster, new DatabaseId(database), 1, payload.length, crc);
        byte[] head = ChunkEncoder.head(identity, 0, payload.length, crc, true);
        return WireImage.frame(0x82, ByteBuffer.allocate(head.length + payload.length).put(head).put(payload).flip());
    }

    /** Sends a small snapshot over a link, and returns when it is committed. */
    static void deliver(Socket link) throws IOException {
        write(link, snapshot("bench", "small", new byte[100_000]));
        WireImage.expect(WireImage.answer(new DataInputStream(link.getInputStream())), "committed");
    }

    /** Writes what remains of {@code bytes}, which have an array. */
    static void write(Socket socket, ByteBuffer bytes) throws IOException {
        socket.getOutputStream().write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    }
}
