package io.mirrorbootstrap.tls;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** What the JDK's engine at the other end reads. */
class EncryptionTest {

    @TempDir
    static Path directory;

    private static SSLContext keys;

    @BeforeAll
    static void makeKeys() throws Exception {
        keys = EnginePair.keys(directory);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void everyLengthIsReadByTheOtherEnd(String version) throws Exception {
        EnginePair engines = EnginePair.after(keys, version);
        Encryption encryption = new Encryption(engines.client());
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream heard = new ByteArrayOutputStream();
        for (int length : new int[]{0, 1, 2, 15, 16, 17, 1000, 16_383, 16_384, 16_385, 32_768, 100_000, 300_000}) {
            byte[] bytes = random(length, length);
            said.writeBytes(bytes);
            heard.writeBytes(heard(engines.server(), encrypted(encryption, bytes)));
        }
        assertArrayEquals(said.toByteArray(), heard.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void whatIsTakenFitsIntoTheRoomThatWasAskedFor(String version) throws Exception {
        Encryption encryption = new Encryption(EnginePair.after(keys, version).client());
        for (int length : new int[]{0, 1, 16_384, 16_385, 262_158}) {
            assertTrue(encrypted(encryption, random(length, 1)).readableBytes() <= encryption.room(length));
        }
    }

    @Test
    void whatTheSessionSaysByItselfComesBetween() throws Exception {
        EnginePair engines = EnginePair.after(keys, "TLSv1.3");
        Encryption encryption = new Encryption(engines.client());
        byte[] first = heard(engines.server(), encrypted(encryption, random(5000, 1)));
        engines.client().beginHandshake(); // of TLS 1.3: new keys, which the next to be encrypted has in front of it
        byte[] second = heard(engines.server(), encrypted(encryption, random(50_000, 2)));
        assertArrayEquals(random(5000, 1), first);
        assertArrayEquals(random(50_000, 2), second);
    }

    @Test
    void nothingIsEncryptedWhenTheSessionIsOver() throws Exception {
        EnginePair engines = EnginePair.after(keys, "TLSv1.3");
        Encryption encryption = new Encryption(engines.client());
        engines.client().closeOutbound();
        engines.encrypt(new byte[0]);
        assertThrows(SSLException.class, () -> encrypted(encryption, random(10, 1)));
    }

    private static ByteBuf encrypted(Encryption encryption, byte[] bytes) throws SSLException {
        ByteBuf out = Unpooled.directBuffer(encryption.room(bytes.length));
        ByteBuf in = Unpooled.directBuffer(Math.max(1, bytes.length)).writeBytes(bytes);
        encryption.encrypt(in, out);
        assertEquals(0, in.readableBytes());
        return out;
    }

    private static byte[] heard(SSLEngine server, ByteBuf records) throws SSLException {
        ByteBuffer in = records.nioBuffer();
        ByteBuffer out = ByteBuffer.allocate(records.readableBytes() + 40_000);
        while (in.hasRemaining()) {
            server.unwrap(in, out);
        }
        byte[] all = new byte[out.flip().remaining()];
        out.get(all);
        return all;
    }
}
