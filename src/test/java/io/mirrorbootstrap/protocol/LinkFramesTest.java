package io.mirrorbootstrap.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.link.MaskedFrame;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** Frames, right and wrong, byte for byte: what is answered, and how a link ends. */
@QuarkusTest
class LinkFramesTest {

    private static final int TEXT = 0x81;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8A;

    @TestHTTPResource
    URI service;

    private final DatabaseId database = new DatabaseId("frames-" + UUID.randomUUID());
    private final byte[] abort = JsonMessages.write(new Control.Abort(database)).getBytes(US_ASCII);
    private final Answer aborted = new Answer.Aborted(database);
    private RawSocket socket;

    @BeforeEach
    void upgrade() throws IOException {
        socket = RawSocket.upgraded(service);
    }

    @AfterEach
    void close() throws IOException {
        socket.close();
    }

    @Test
    void aFrameLongerThanAnyChunkClosesTheLink() throws Exception {
        // a binary frame of 2^40 bytes is announced
        socket.send(new byte[]{(byte) 0x82, (byte) 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4});
        Answer tooLarge = new Answer.Refused(new Refusal.ChunkTooLarge(8 * 1024 * 1024), Optional.empty());
        assertEquals(JsonMessages.write(tooLarge), new String(socket.frame(TEXT), US_ASCII));
        assertEquals(1009, code(socket.frame(CLOSE)));
    }

    @ParameterizedTest
    @CsvSource({"C2 80, reserved bits", "82 01, not masked", "83 80, reserved opcode 3", "8B 80, reserved opcode 11",
            "80 80, none was begun", "02 80 00 00 00 00 82 80, begins inside another", "09 80, comes in parts",
            "89 FE, longer than 125", "82 FE 00 7D 00 00 00 00, more bytes than it needs",
            "82 FF 00 00 00 00 00 00 FF FF 00 00 00 00, more bytes than it needs"})
    void aFrameThatBreaksTheRulesIsNamedAndClosesTheLink(String frames, String named) throws Exception {
        socket.sendByteByByte(bytes(frames));
        byte[] close = socket.frame(CLOSE);
        assertEquals(1002, code(close));
        String reason = new String(close, ISO_8859_1);
        assertTrue(reason.contains(named), reason);
        socket.send(MaskedFrame.of(CLOSE, new byte[]{close[0], close[1]}));
        socket.assertEnds();
    }

    @Test
    void bytesThatAreNoFrameCloseTheLink() throws Exception {
        socket.send(new byte[]{(byte) 0xF2, 0, 0, 0, 0, 0, 0, 0});
        assertEquals(1002, code(socket.frame(CLOSE)));
    }

    @ParameterizedTest
    @CsvSource({"03 E8 C3, 1007", "03 E8 6F E2 82, 1007", "03 E8 F0 9F 98, 1007", "03 E8 FF, 1007", "03, 1002",
            "03 ED, 1002", "00 00, 1002", "03 E8, 1000", "03 E8 E2 82 AC, 1000", "0B B8, 3000", "13 87, 4999",
            "13 88, 1002",
            "FF FF, 1002"})
    void aCloseIsEchoedIfItIsOne(String payload, int answered) throws Exception {
        socket.send(MaskedFrame.of(CLOSE, bytes(payload)));
        assertEquals(answered, code(socket.frame(CLOSE)));
        socket.assertEnds();
    }

    /** A further frame, or the rest of this one, may come late or never. */
    @ParameterizedTest
    @CsvSource({"7B F4 90, 3, 9", "FF FF, 2, 8", "7B C3 28, 100, 9"})
    void textThatIsNoneIsRefusedBeforeItsEnd(String text, int announced, int sent) throws Exception {
        byte[] frame = MaskedFrame.of(0x01, Arrays.copyOf(bytes(text), announced));
        socket.send(Arrays.copyOf(frame, sent));
        Answer refused = new Answer.Refused(new Refusal.MalformedControl("the control message is not UTF-8"),
                Optional.empty());
        assertEquals(JsonMessages.write(refused), new String(socket.frame(TEXT), US_ASCII));
        assertEquals(1007, code(socket.frame(CLOSE)));
    }

    @Test
    void textMayBeCutInTheMiddleOfACharacter() throws Exception {
        String euro = new String(abort, US_ASCII).replaceFirst("[{]", "{\"\u20ac\":\"\ud83d\ude00\",");
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (byte each : euro.getBytes(UTF_8)) {
            frames.writeBytes(MaskedFrame.of(frames.size() == 0 ? 0x01 : 0x00, new byte[]{each}));
        }
        frames.writeBytes(MaskedFrame.of(0x80, new byte[0]));
        frames.writeBytes(MaskedFrame.of(TEXT, abort));
        socket.sendByteByByte(frames.toByteArray());
        assertEquals(aborted, answer(socket.frame(TEXT)));
        assertEquals(aborted, answer(socket.frame(TEXT)));
        socket.send(MaskedFrame.of(TEXT, bytes("7B E2 82")));
        assertTrue(new String(socket.frame(TEXT), US_ASCII).contains("not UTF-8"));
    }

    @Test
    void aPingBetweenTheFramesOfAMessageIsAnsweredAndACloseBehindItToo() throws Exception {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        frames.writeBytes(MaskedFrame.of(0x01, Arrays.copyOf(abort, 16)));
        frames.writeBytes(MaskedFrame.of(PING, new byte[]{1, 2}));
        frames.writeBytes(MaskedFrame.of(PING, new byte[0]));
        frames.writeBytes(MaskedFrame.of(0x80, Arrays.copyOfRange(abort, 16, abort.length)));
        socket.sendByteByByte(frames.toByteArray());
        assertArrayEquals(new byte[]{1, 2}, socket.frame(PONG));
        assertArrayEquals(new byte[0], socket.frame(PONG));
        assertEquals(aborted, answer(socket.frame(TEXT)));
        byte[] normal = {0x03, (byte) 0xE8};
        socket.send(MaskedFrame.of(CLOSE, normal));
        assertArrayEquals(normal, socket.frame(CLOSE));
    }

    @Test
    void pingsAmongMessagesThatComeAtOnceAreAllAnsweredAndSoAreTheMessages() throws Exception {
        int many = 3000;
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
            try {
                OutputStream out = new BufferedOutputStream(socket.out(), 1024 * 1024);
                for (int i = 0; i < many; i++) {
                    out.write(MaskedFrame.of(TEXT, abort));
                    out.write(MaskedFrame.of(PING, ByteBuffer.allocate(4).putInt(i).array()));
                }
                out.flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        int pongs = 0;
        for (int answers = 0; answers < many || pongs < many;) {
            if (socket.in().read() == PONG) {
                assertEquals(pongs++, ByteBuffer.wrap(socket.payload()).getInt());
            } else {
                answers++;
                assertEquals(aborted, answer(socket.payload()));
            }
        }
        sent.get();
    }

    private static Answer answer(byte[] text) {
        return JsonMessages.answer(new String(text, US_ASCII));
    }

    private static int code(byte[] close) {
        return ByteBuffer.wrap(close).getShort() & 0xFFFF;
    }

    private static byte[] bytes(String hex) {
        return HexFormat.ofDelimiter(" ").parseHex(hex);
    }
}
