package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Uploads a file by one HTTP PUT. */
final class PutSender {

    private PutSender() {
    }

    static void send(Path file, int port) throws IOException {
        try (FileChannel all = FileChannel.open(file);
                SocketChannel socket = SocketChannel.open(new InetSocketAddress("127.0.0.1", port))) {
            socket.write(ByteBuffer.wrap(("PUT /db0.snapshot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                    + "Content-Length: " + all.size() + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
            WireImage.transfer(all, socket);
            String response = WireImage.response(Channels.newInputStream(socket));
            if (!response.lines().findFirst().orElse("").contains(" 20")) {
                throw new IOException("not taken: " + response);
            }
        }
    }
}
