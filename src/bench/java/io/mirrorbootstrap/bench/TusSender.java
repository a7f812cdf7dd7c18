package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Uploads a file by the tus protocol, in one request: what it takes of it and no more. */
final class TusSender {

    private TusSender() {
    }

    static void send(Path file, int port) throws IOException {
        try (SocketChannel socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port));
                FileChannel all = FileChannel.open(file)) {
            InputStream in = Channels.newInputStream(socket);
            request(socket, "POST /files", "Upload-Length: " + all.size() + "\r\nContent-Length: 0");
            expect(in, " 201 ");
            request(socket, "PATCH /files/db0.snapshot", "Upload-Offset: 0\r\nContent-Length: " + all.size()
                    + "\r\nContent-Type: application/offset+octet-stream");
            WireImage.transfer(all, socket);
            expect(in, " 204 ");
        }
    }

    private static void request(SocketChannel socket, String line, String headers) throws IOException {
        socket.write(ByteBuffer.wrap((line + " HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\n" + headers
                + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
    }

    private static void expect(InputStream in, String status) throws IOException {
        String response = WireImage.response(in);
        if (!response.lines().findFirst().orElse("").contains(status)) {
            throw new IOException("not" + status + "but: " + response);
        }
    }
}
