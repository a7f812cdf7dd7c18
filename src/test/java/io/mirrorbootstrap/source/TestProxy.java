package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** An HTTP proxy that leads each CONNECT to one port of this machine, whatever it is asked for. */
public final class TestProxy implements Closeable {

    private final RawServer server;

    public TestProxy(int port) throws IOException {
        server = new RawServer("127.0.0.1", (head, client) -> {
            try (Socket target = new Socket("127.0.0.1", port)) {
                client.getOutputStream().write("HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
                Thread back = new Thread(() -> copy(target, client), "proxy");
                back.setDaemon(true);
                back.start();
                client.getInputStream().transferTo(target.getOutputStream());
                target.shutdownOutput();
                back.join();
            }
        });
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException e) {
            // one of them has gone
        }
    }

    /** Where it listens, without the scheme. */
    public String address() {
        return "127.0.0.1:" + server.port();
    }

    /** What it was asked. */
    public List<String> heads() {
        return server.heads();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
