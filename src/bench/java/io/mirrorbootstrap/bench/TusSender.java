package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Uploads a file by the tus protocol, in one request: what it takes of it and no more. */
final class TusSender {

    private static final String VERSION = "Tus-Resumable: 1.0.0\r\n";

    private TusSender() {
    }

    static void send(Path file, int port) throws IOException {
        try (FileChannel all = FileChannel.open(file)) {
            request(port, "POST /files", VERSION + "Upload-Length: " + all.size() + "\r\nContent-Length: 0", socket -> {
            }, " 201 ");
            request(port, "PATCH /files/db0.snapshot", VERSION + "Upload-Offset: 0\r\nContent-Length: " + all.size()
                    + "\r\nContent-Type: application/offset+octet-stream", socket -> WireImage.transfer(all, socket),
                    " 204 ");
        }
    }

    /** One request, of which {@code body} sends the body; its answer must have {@code status} in its first line. */
    static void request(int port, String line, String headers, Consumer<SocketChannel> body, String status)
            throws IOException {
        try (SocketChannel socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port))) {
            socket.write(ByteBuffer.wrap((line + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + headers + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
            body.accept(socket);
            String response = WireImage.response(Channels.newInputStream(socket));
            if (!response.lines().findFirst().orElse("").contains(status)) {
                throw new IOException("not" + status + "but: " + response);
            }
        }
    }
}
