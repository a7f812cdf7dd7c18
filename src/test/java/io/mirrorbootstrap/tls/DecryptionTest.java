package io.mirrorbootstrap.tls;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.Seed;

/** What the other end has encrypted, with the JDK's engine at both ends. */
class DecryptionTest {

    private static final int HEADER_BYTES = 5;

    @TempDir
    static Path directory;

    private static SSLContext keys;

    @BeforeAll
    static void makeKeys() throws Exception {
        keys = EnginePair.keys(directory);
    }

    private final Random random = new Random(Seed.of(17));
    private final ByteBuffer memory = ByteBuffer.allocateDirect(Decryption.HEADROOM_BYTES + 100_000);
    private int owed;

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void isReadHoweverItIsCut(String version) throws Exception {
        EnginePair engines = EnginePair.after(keys, version);
        Decryption decryption = decryption(engines);
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        ByteArrayOutputStream records = new ByteArrayOutputStream();
        for (int length = 0; length < 300; length++) {
            byte[] bytes = random(length < 200 ? length : random.nextInt(50_000), length);
            said.writeBytes(bytes);
            records.writeBytes(engines.encrypt(bytes));
        }
        ByteArrayOutputStream heard = new ByteArrayOutputStream();
        byte[] all = records.toByteArray();
        for (int at = 0; at < all.length;) {
            int length = Math.min(all.length - at, 1 + random.nextInt(random.nextBoolean() ? 20 : 90_000));
            heard.writeBytes(decrypt(decryption, Arrays.copyOfRange(all, at, at + length)));
            at += length;
        }
        assertArrayEquals(said.toByteArray(), heard.toByteArray());
        assertFalse(decryption.isOver());
        assertEquals(0, owed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aRecordThatIsWrongByOneBitEndsItBehindThoseBeforeIt(String version) throws Exception {
        byte[] first = random(1000, 1);
        for (int i = 0; i < 200; i++) {
            EnginePair engines = EnginePair.after(keys, version);
            Decryption decryption = decryption(engines);
            byte[] good = engines.encrypt(first);
            byte[] wrong = engines.encrypt(random(1 + i, 2));
            wrong[HEADER_BYTES + random.nextInt(wrong.length - HEADER_BYTES)] ^= 1 << random.nextInt(8);
            assertArrayEquals(first, decrypt(decryption, joined(good, wrong)));
            assertTrue(decryption.isOver() && decryption.flaw().isPresent());
            assertEquals(0, decrypt(decryption, engines.encrypt(first)).length);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void behindTheEndOfTheSessionNothingIsRead(String version) throws Exception {
        EnginePair engines = EnginePair.after(keys, version);
        Decryption decryption = decryption(engines);
        byte[] last = engines.encrypt(random(10, 1));
        engines.client().closeOutbound();
        byte[] end = engines.encrypt(new byte[0]);
        assertEquals(10, decrypt(decryption, joined(joined(last, end), random(70_000, 2))).length);
        assertTrue(decryption.isOver());
        assertEquals(Optional.empty(), decryption.flaw());
    }

    @Test
    void aRecordLongerThanAnyMayBeEndsIt() throws Exception {
        for (int length : new int[]{18_433, 0xFFFF}) {
            Decryption decryption = decryption(EnginePair.after(keys, "TLSv1.3"));
            byte[] record = ByteBuffer.allocate(60_000).put((byte) 23).putShort((short) 0x0303).putShort((short) length)
                    .array();
            assertEquals(0, decrypt(decryption, record).length);
            assertTrue(decryption.isOver() && decryption.flaw().isPresent());
        }
    }

    @Test
    void newKeysAreAnsweredAndNotAskedForWithoutEnd() throws Exception {
        EnginePair engines = EnginePair.after(keys, "TLSv1.3");
        Decryption decryption = decryption(engines);
        for (int i = 0; i < 64; i++) {
            assertEquals(3, decrypt(decryption, joined(newKeys(engines), engines.encrypt(new byte[3]))).length);
            assertEquals(1 + i, owed);
            decryption.answers();
            engines.answer();
        }
        assertFalse(decryption.isOver());
        assertEquals(0, decrypt(decryption, joined(newKeys(engines), engines.encrypt(new byte[3]))).length);
        assertEquals("it asks for new keys again and again", decryption.flaw().orElseThrow());
        assertEquals(HandshakeStatus.NOT_HANDSHAKING, engines.server().getHandshakeStatus(),
                "what it owed is not kept");
    }

    @Test
    void anAnswerIsOwedOnceUntilItIsGiven() throws Exception {
        EnginePair engines = EnginePair.after(keys, "TLSv1.3");
        Decryption decryption = decryption(engines);
        for (int i = 0; i < 10; i++) {
            decrypt(decryption, joined(newKeys(engines), engines.encrypt(new byte[3])));
        }
        assertEquals(1, owed);
        decryption.answers();
        engines.answer();
        decrypt(decryption, newKeys(engines));
        assertEquals(2, owed);
    }

    /** As the engine takes them, and keeps something of each. */
    @Test
    void aRecordWithManyRequestsForNewKeysEndsIt() {
        EmptyRecords records = new EmptyRecords();
        assertTrue(records.mayCome(27));
        assertFalse(records.mayCome(16_400));
    }

    @Test
    void aLongSessionMayHaveMoreRecordsWithoutAByte() {
        EmptyRecords records = new EmptyRecords();
        for (int i = 0; i < 64; i++) {
            assertTrue(records.mayCome(27));
        }
        records.bring(64 << 20);
        assertTrue(records.mayCome(27));
        assertFalse(records.mayCome(27));
    }

    @Test
    void anotherHandshakeIsRefused() throws Exception {
        EnginePair engines = EnginePair.after(keys, "TLSv1.2");
        Decryption decryption = decryption(engines);
        assertEquals(0, decrypt(decryption, newKeys(engines)).length);
        assertEquals("it asks for another handshake", decryption.flaw().orElseThrow());
    }

    private static byte[] newKeys(EnginePair engines) throws SSLException {
        engines.client().beginHandshake();
        return engines.encrypt(new byte[0]);
    }

    private Decryption decryption(EnginePair engines) {
        return new Decryption(engines.server(), () -> owed++);
    }

    private byte[] decrypt(Decryption decryption, byte[] arrived) {
        memory.clear().position(Decryption.HEADROOM_BYTES).put(arrived).flip();
        byte[] plain = new byte[decryption.decrypt(memory)];
        memory.get(0, plain);
        return plain;
    }

    private static byte[] joined(byte[] one, byte[] other) {
        return ByteBuffer.allocate(one.length + other.length).put(one).put(other).array();
    }
}
