package io.mirrorbootstrap;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import javax.net.ssl.SSLContext;

import io.mirrorbootstrap.protocol.Upgrade;

/** A connection to the service for what no well-behaved client would send, or would leave unread. */
final class PlainSocket implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    private final Socket socket;
    private final InputStream in;

    private PlainSocket(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    /** One that is connected to the service at {@code uri}. */
    static PlainSocket to(URI uri) throws IOException {
        return new PlainSocket(new Socket("127.0.0.1", uri.getPort()));
    }

    /** One that is connected to the service at {@code uri} by TLS. */
    static PlainSocket to(URI uri, SSLContext tls) throws IOException {
        return new PlainSocket(tls.getSocketFactory().createSocket("localhost", uri.getPort()));
    }

    /** One that has room for no more than so many bytes that are not read. */
    static PlainSocket narrow(URI uri, int bytes) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(bytes);
        socket.connect(new InetSocketAddress("127.0.0.1", uri.getPort()), PATIENCE_MILLIS);
        return new PlainSocket(socket);
    }

    /**
     * The status of a request on a connection of its own; 0 when that is closed instead.
     *
     * @param headers all that there are, {@code Host} too
     */
    static int status(URI uri, String path, String... headers) throws IOException {
        return status(to(uri), path, headers);
    }

    /** As {@link #status(URI, String, String...)}, on {@code connection}, which is closed behind it. */
    static int status(PlainSocket connection, String path, String... headers) throws IOException {
        try (connection) {
            return HttpAnswer.read(connection.write(request("GET " + path, headers)).in(), false).status();
        } catch (EOFException e) {
            return 0;
        }
    }

    /** What is answered to {@code GET /path} and more headers on a connection of its own. */
    static HttpAnswer ask(URI uri, String asked, String... headers) throws IOException {
        try (PlainSocket socket = to(uri)) {
            return socket.ask(asked, headers);
        }
    }

    /** The request {@code GET /path} with these headers, and no other. */
    static String request(String asked, String... headers) {
        StringBuilder request = new StringBuilder(asked).append(" HTTP/1.1\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    /** Asks for a link, and reads no more than that it is one. */
    PlainSocket upgraded() throws IOException {
        write(Upgrade.request(""));
        String response = Upgrade.response(in);
        if (!response.startsWith("HTTP/1.1 101")) {
            throw new IOException(response);
        }
        return this;
    }

    PlainSocket write(String text) throws IOException {
        return write(text.getBytes(StandardCharsets.US_ASCII));
    }

    PlainSocket write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** What is answered to {@code GET /path} and more headers. */
    HttpAnswer ask(String asked, String... headers) throws IOException {
        String[] all = Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = "Host: localhost";
        return write(request(asked, all)).read();
    }

    /** The next answer, which has a body. */
    HttpAnswer read() throws IOException {
        return HttpAnswer.read(in, true);
    }

    /** What comes, from where it is read already. */
    InputStream in() {
        return in;
    }

    Socket socket() {
        return socket;
    }

    /** When it is closed, it is reset. */
    PlainSocket resetAtClose() throws SocketException {
        socket.setSoLinger(true, 0);
        return this;
    }

    /** All that comes until it ends. */
    String rest() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    /** Waits for its end, and for nothing else to come; whether it was closed, or reset. */
    boolean ends() throws IOException {
        try {
            return in.read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }

    /** Whether it has not ended after so many milliseconds; reads past what comes. */
    boolean isOpenFor(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            while (in.read() >= 0) {
                continue; // what was said before
            }
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (SocketException e) {
            return false;
        }
    }

    /** Whether it is reset; asks by writing, because reading would make room for answers. */
    boolean isReset() {
        try {
            write("\r\n");
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
