package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * What receiving cannot cost less than on a JVM: read the socket, compute the CRC-32C, write the file, with one direct
 * buffer and no protocol at all. Nothing is checked, forced or answered.
 */
public final class Floor {

    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int PAGE_BYTES = 4096;

    private Floor() {
    }

    /** @param arguments port, directory */
    public static void main(String[] arguments) throws IOException {
        Path directory = Path.of(arguments[1]);
        // on a page: elsewhere the kernel copies more slowly on some processors, and this would be no floor
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES + PAGE_BYTES).alignedSlice(PAGE_BYTES)
                .slice(0, BUFFER_BYTES);
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
            while (true) {
                try (SocketChannel socket = server.accept()) {
                    receive(socket, buffer, directory);
                }
            }
        }
    }

    private static void receive(SocketChannel socket, ByteBuffer buffer, Path directory) throws IOException {
        Path partial = directory.resolve("floor.partial");
        CRC32C crc = new CRC32C();
        try (FileChannel file = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            while (socket.read(buffer.clear()) >= 0) {
                crc.update(buffer.flip());
                buffer.rewind();
                while (buffer.hasRemaining()) {
                    file.write(buffer);
                }
            }
        }
        Files.move(partial, directory.resolve("db0.snapshot"), StandardCopyOption.ATOMIC_MOVE);
        socket.write(ByteBuffer.wrap((crc.getValue() + "\n").getBytes()));
    }
}
