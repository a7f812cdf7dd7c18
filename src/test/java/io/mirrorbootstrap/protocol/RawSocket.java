package io.mirrorbootstrap.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;

/** A plain socket to the service, for bytes that no client of WebSockets would send. */
final class RawSocket implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 60_000;

    private final Socket socket;

    RawSocket(URI service) throws IOException {
        socket = new Socket(service.getHost(), service.getPort());
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    /** One that has opened a link. */
    static RawSocket upgraded(URI service) throws IOException {
        RawSocket socket = new RawSocket(service);
        String response = socket.ask(Upgrade.request(""));
        assertTrue(response.startsWith("HTTP/1.1 101"), response);
        return socket;
    }

    /** Sends a request, and reads the head of its answer. */
    String ask(byte[] request) throws IOException {
        send(request);
        return Upgrade.response(in());
    }

    void send(byte[] bytes) throws IOException {
        out().write(bytes);
    }

    /** Sends each byte alone, so that what they say is cut anywhere. */
    void sendByteByByte(byte[] bytes) throws IOException {
        for (byte each : bytes) {
            out().write(each);
        }
    }

    /** The payload of the next frame, which has this first byte. */
    byte[] frame(int head) throws IOException {
        assertEquals(head, in().read());
        return payload();
    }

    /** Behind the first byte of a frame: its payload. */
    byte[] payload() throws IOException {
        int length = in().read();
        if (length == 126) {
            length = in().read() << 8 | in().read();
        }
        return in().readNBytes(length);
    }

    /** The service says no more. */
    void assertEnds() throws IOException {
        assertEquals(-1, in().read());
    }

    InputStream in() throws IOException {
        return socket.getInputStream();
    }

    OutputStream out() throws IOException {
        return socket.getOutputStream();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
