package io.mirrorbootstrap.protocol;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The upgrade to a WebSocket, byte for byte, for those who speak to the port by a plain socket. */
public final class Upgrade {

    /** What makes a request ask for it, without the end of the last line. */
    public static final String HEADERS = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

    private Upgrade() {
    }

    /** @param more headers, each with the end of its line */
    public static byte[] request(String more) {
        return ("GET /v1/bootstrap HTTP/1.1\r\nHost: localhost\r\n" + HEADERS + "\r\n" + more + "\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** What a server says to a request with this {@code Sec-WebSocket-Key} (RFC 6455, 4.2.2). */
    public static String accept(String key) {
        try {
            return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1")
                    .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads the answer, and nothing behind it. */
    public static String response(InputStream in) throws IOException {
        StringBuilder response = new StringBuilder();
        while (response.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException(response.toString());
            }
            response.append((char) next);
        }
        return response.toString();
    }
}
