package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;

import com.fasterxml.jackson.databind.JsonNode;

import io.mirrorbootstrap.ProtocolVectors.Vector;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.source.RawServer;

/** A sidecar that tells a source a vector's error on its first link, and on each other one that the snapshot is there. */
final class ScriptedFault implements Closeable {

    private static final Pattern KEY = Pattern.compile("(?i)Sec-WebSocket-Key: *(\\S+)");
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int CUT = 1006;

    /** What is said of the error is in answers of HTTP and of a WebSocket, or in a close frame alone. */
    private static final int REFUSED = 3;
    private static final int LINK = 4;

    private final String name;
    private final String word;
    private final int exit;
    private final boolean heals;
    private final RawServer server;

    private ScriptedFault(Vector vector, String by, String word, int exit, byte[] answer, boolean isUpgraded)
            throws IOException {
        this.name = vector + "-" + by;
        this.word = word;
        this.exit = exit;
        this.heals = vector.text("then").equals("come_back");
        AtomicBoolean isFirst = new AtomicBoolean(true);
        this.server = new RawServer("127.0.0.1", (head, source) -> {
            boolean first = isFirst.getAndSet(false);
            if (isUpgraded || !first) {
                upgrade(head, source);
            }
            source.getOutputStream().write(first ? answer : committed());
        });
    }

    /** One for each error, each way it is told, and each close code. */
    static List<ScriptedFault> all() throws IOException {
        List<ScriptedFault> all = new ArrayList<>();
        for (Vector error : ProtocolVectors.list("errors")) {
            JsonNode http = error.node().path("http");
            JsonNode closes = error.node().path("closes");
            String text = error.text("text");
            if (http.isInt()) {
                all.add(new ScriptedFault(error, "http", http.asText(), REFUSED, answer(http.intValue(), text), false));
            }
            if (closes.isInt() || http.isMissingNode()) {
                all.add(new ScriptedFault(error, "link", error.toString(), REFUSED,
                        concat(frame(TEXT, text.getBytes(StandardCharsets.UTF_8)),
                                closes.isInt() ? close(closes.intValue()) : new byte[0]),
                        true));
            }
        }
        for (Vector close : ProtocolVectors.list("closes")) {
            int code = close.node().required("code").intValue();
            all.add(new ScriptedFault(close, "close", close.toString(), LINK,
                    code == CUT ? new byte[0] : close(code), true));
        }
        return all;
    }

    URI uri() {
        return URI.create(server.url());
    }

    /** A source came back for what heals, and else has said it, and has not. */
    void assertJudged(ClientElsewhere.Ended source) {
        assertEquals(heals ? 0 : exit, source.exit(), () -> this + ": " + source);
        assertEquals(heals ? 2 : 1, server.heads().size(), () -> this + ": links, of " + source);
        assertEquals(heals ? 1 : 0, source.pauses(), () -> this + ": " + source);
        assertTrue(heals || source.err().contains(word), () -> this + ": " + source);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    @Override
    public String toString() {
        return name;
    }

    private static void upgrade(String head, Socket source) throws IOException {
        String key = KEY.matcher(head).results().findFirst().orElseThrow().group(1);
        OutputStream out = source.getOutputStream();
        out.write(
                ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                        + Upgrade.accept(key) + "\r\nSec-WebSocket-Protocol: mirror-bootstrap.v1\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        source.getInputStream().read(); // it has begun to ask
    }

    private static byte[] committed() {
        return frame(TEXT, ProtocolVectors.list("answers").stream().filter(each -> each.toString().equals("committed"))
                .findFirst().orElseThrow().text("text").getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] answer(int status, String body) {
        return ("HTTP/1.1 " + status + " Refused\r\nContent-Type: application/json\r\nContent-Length: " + body.length()
                + "\r\n\r\n" + body).getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] close(int code) {
        return frame(CLOSE, ByteBuffer.allocate(2).putShort((short) code).array());
    }

    /** A frame of at most 65535 bytes, which is a message. */
    private static byte[] frame(int opcode, byte[] data) {
        ByteBuffer frame = ByteBuffer.allocate(4 + data.length).put((byte) (0x80 | opcode));
        if (data.length < 126) {
            frame.put((byte) data.length);
        } else {
            frame.put((byte) 126).putShort((short) data.length);
        }
        byte[] bytes = new byte[frame.put(data).position()];
        frame.flip().get(bytes);
        return bytes;
    }

    private static byte[] concat(byte[] first, byte[] second) {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.writeBytes(second);
        return both.toByteArray();
    }
}
