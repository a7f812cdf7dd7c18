package io.mirrorbootstrap;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** An address that stays the same while sidecars come and go behind it, and whose links can be cut. */
final class Relay implements Closeable {

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong bytes = new AtomicLong();
    private volatile int port;

    Relay() throws IOException {
        start(this::accept);
    }

    /** Links lead there from now on. */
    void leadTo(URI sidecar) {
        port = sidecar.getPort();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /** How many bytes sources have sent through it. */
    long bytes() {
        return bytes.get();
    }

    /** Cuts all links, with a reset. */
    void cut() throws IOException {
        for (Socket socket : open) {
            reset(socket);
        }
        open.clear();
    }

    private static void reset(Socket socket) throws IOException {
        try {
            socket.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (SocketException e) {
            // it has been closed from another end
        }
        socket.close();
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }

    private void accept() throws IOException {
        while (true) {
            Socket source = server.accept();
            open.add(source);
            try {
                Socket sidecar = new Socket(InetAddress.getLoopbackAddress(), port);
                open.add(sidecar);
                start(() -> pump(source, sidecar, bytes));
                start(() -> pump(sidecar, source, new AtomicLong()));
            } catch (IOException e) {
                source.close(); // there is no sidecar now
            }
        }
    }

    private static void pump(Socket from, Socket to, AtomicLong count) throws IOException {
        try (from; to) {
            byte[] buffer = new byte[64 * 1024];
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                out.write(buffer, 0, read);
                count.addAndGet(read);
            }
        }
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void start(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException e) {
                // the end of a link, or of the relay
            }
        }, "relay");
        thread.setDaemon(true);
        thread.start();
    }
}
