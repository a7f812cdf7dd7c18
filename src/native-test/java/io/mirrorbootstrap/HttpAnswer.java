package io.mirrorbootstrap;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

import io.mirrorbootstrap.protocol.Upgrade;

/** What is answered to a request that was made by a plain socket. */
record HttpAnswer(int status, String head, byte[] body) {

    private static final int NO_CONTENT = 204;
    private static final int SWITCHING_PROTOCOLS = 101;

    /**
     * Reads it, and nothing behind it.
     *
     * @throws EOFException if it is not there as a whole
     */
    static HttpAnswer read(InputStream in, boolean hasBody) throws IOException {
        String head = Upgrade.response(in);
        int status = Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
        HttpAnswer answer = new HttpAnswer(status, head, new byte[0]);
        if (!hasBody || status == NO_CONTENT || status == SWITCHING_PROTOCOLS) {
            return answer;
        }
        return new HttpAnswer(status, head, answer.header("transfer-encoding").equals("chunked")
                ? chunks(in)
                : exactly(in, Integer.parseInt(answer.header("content-length"))));
    }

    /** Empty, if there is none. */
    String header(String name) {
        return head.lines().filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ": ")).findFirst()
                .map(line -> line.substring(name.length() + 2)).orElse("");
    }

    /** The body. */
    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int length;
        do {
            StringBuilder line = new StringBuilder();
            for (int next = in.read(); next != '\n'; next = in.read()) {
                if (next < 0) {
                    throw new EOFException(all.size() + " bytes");
                }
                line.append((char) next);
            }
            length = Integer.parseInt(line.toString().trim(), 16);
            all.write(exactly(in, length));
            exactly(in, 2);
        } while (length > 0);
        return all.toByteArray();
    }

    private static byte[] exactly(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException(bytes.length + " of " + length + " bytes");
        }
        return bytes;
    }
}
