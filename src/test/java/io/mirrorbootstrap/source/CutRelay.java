package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Leads to a sidecar, and cuts its first connections after some bytes. */
final class CutRelay implements Closeable {

    private final ServerSocket server;
    private final URI sidecar;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger cutsLeft;
    private final long cutAfterBytes;

    CutRelay(URI sidecar, int cuts, long cutAfterBytes) throws IOException {
        this.server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        this.sidecar = sidecar;
        this.cutsLeft = new AtomicInteger(cuts);
        this.cutAfterBytes = cutAfterBytes;
        start(this::accept);
    }

    Endpoint endpoint() {
        return Endpoint.parse("http://127.0.0.1:" + server.getLocalPort());
    }

    /** How many connections it has still to cut. */
    int cutsLeft() {
        return cutsLeft.get();
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "relay");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket source = server.accept();
                Socket target = new Socket(sidecar.getHost(), sidecar.getPort());
                open.add(source);
                open.add(target);
                long most = cutsLeft.get() > 0 ? cutAfterBytes : Long.MAX_VALUE;
                start(() -> lead(target, source, Long.MAX_VALUE));
                start(() -> lead(source, target, most));
            } catch (IOException e) {
                // closed, or a sidecar that is not there now
            }
        }
    }

    private void lead(Socket from, Socket to, long most) {
        byte[] bytes = new byte[16 * 1024];
        try (from; to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            long left = most;
            for (int read = in.read(bytes); read >= 0 && left > 0; read = in.read(bytes)) {
                out.write(bytes, 0, (int) Math.min(read, left));
                left -= read;
            }
            if (left <= 0) {
                cutsLeft.decrementAndGet();
            }
        } catch (IOException e) {
            // the other way has ended
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
