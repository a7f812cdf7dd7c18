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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** An address that stays the same while sidecars come and go behind it, and whose links can be cut. */
public final class Relay implements Closeable {

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger cutsLeft;
    private final long cutAfterBytes;
    private volatile long damagedByte = -1;
    private volatile int port;

    /** Cuts no link by itself. */
    public Relay() throws IOException {
        this(0, 0);
    }

    /** Ends its first {@code cuts} links after so many bytes of their sources. */
    public Relay(int cuts, long cutAfterBytes) throws IOException {
        this.cutsLeft = new AtomicInteger(cuts);
        this.cutAfterBytes = cutAfterBytes;
        start(this::accept);
    }

    /** How many links it has still to end. */
    public int cutsLeft() {
        return cutsLeft.get();
    }

    /** Changes the byte that comes behind so many others of sources, of all links together. */
    public void damage(long byteNumber) {
        damagedByte = byteNumber;
    }

    /** Links lead there from now on. */
    public void leadTo(URI sidecar) {
        port = sidecar.getPort();
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /** How many bytes sources have sent through it. */
    public long bytes() {
        return bytes.get();
    }

    /** Cuts all links, with a reset. */
    public void cut() throws IOException {
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
                long most = cutsLeft.get() > 0 ? cutAfterBytes : Long.MAX_VALUE;
                start(() -> lead(source, sidecar, most));
                start(() -> pump(sidecar, source, Long.MAX_VALUE, new AtomicLong(), -1));
            } catch (IOException e) {
                source.close(); // there is no sidecar now
            }
        }
    }

    private void lead(Socket source, Socket sidecar, long most) throws IOException {
        if (pump(source, sidecar, most, bytes, damagedByte)) {
            cutsLeft.decrementAndGet();
        }
    }

    /** Returns whether it was {@code most} that ended it. */
    private static boolean pump(Socket from, Socket to, long most, AtomicLong count, long damaged)
            throws IOException {
        try (from; to) {
            byte[] buffer = new byte[64 * 1024];
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            long left = most;
            for (int read = in.read(buffer); read >= 0; read = left > 0 ? in.read(buffer) : -1) {
                int bytes = (int) Math.min(read, left);
                long at = damaged - count.getAndAdd(bytes);
                if (at >= 0 && at < bytes) {
                    buffer[(int) at] ^= 1;
                }
                out.write(buffer, 0, bytes);
                left -= bytes;
            }
            return left <= 0;
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
