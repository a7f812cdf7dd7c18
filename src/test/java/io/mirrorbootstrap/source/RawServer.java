package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A peer that answers each HTTP request with whatever bytes a test wants, on a thread for each, and ends the connection. */
public final class RawServer implements Closeable {

    /** What it answers, when a request's head has been read. */
    public interface Answer {
        void to(OutputStream out) throws IOException, InterruptedException;
    }

    /** What becomes of a connection, when a request's head has been read. */
    public interface Dialogue {
        void with(String head, Socket client) throws IOException, InterruptedException;
    }

    private final ServerSocket server;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final Dialogue dialogue;

    public RawServer(Answer answer) throws IOException {
        this("127.0.0.1", (head, client) -> answer.to(client.getOutputStream()));
    }

    /** One that listens on an address of this machine. */
    public RawServer(String address, Dialogue dialogue) throws IOException {
        this.server = new ServerSocket(0, 50, InetAddress.getByName(address));
        this.dialogue = dialogue;
        start(this::accept);
    }

    /** One that answers with a body, and says how long it is. */
    public static RawServer of(String status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new RawServer(out -> {
            out.write(head(status, bytes.length));
            out.write(bytes);
        });
    }

    /** The head of an answer with a body of so many bytes. */
    static byte[] head(String status, long bytes) {
        return ("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + bytes + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Where it listens, by its IPv4 address. */
    public String url() {
        return "http://127.0.0.1:" + port();
    }

    public int port() {
        return server.getLocalPort();
    }

    /** What it was asked: the heads of all requests. */
    public List<String> heads() {
        return heads;
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "raw server");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                start(() -> serve(socket));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    return;
                }
                head.append((char) next);
            }
            heads.add(head.toString());
            dialogue.with(head.toString(), socket);
            socket.shutdownOutput();
            in.readAllBytes(); // the other side has read it all, or has had enough
        } catch (IOException | InterruptedException e) {
            // the other side has gone
        } finally {
            open.remove(socket);
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
