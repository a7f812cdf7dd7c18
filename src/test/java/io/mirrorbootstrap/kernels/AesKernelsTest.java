package io.mirrorbootstrap.kernels;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.KernelsShell;
import io.mirrorbootstrap.KernelsShell.Processor;
import io.mirrorbootstrap.Seed;

/**
 * The native executable's AES and GHASH do what the JDK's do in whose place they stand: compared with its ciphers, and, put together
 * to AES-GCM as the JDK does it, with published values. That the executable calls them, and how, is KernelsIT's.
 */
class AesKernelsTest {

    private static final int BLOCK = 16;
    private static final int AROUND = 8;
    private static final HexFormat HEX = HexFormat.of();

    @TempDir
    Path directory;

    private KernelsShell shell;

    @AfterEach
    void stop() throws Exception {
        if (shell != null) {
            shell.close();
        }
    }

    private void start(Processor processor) throws Exception {
        shell = new KernelsShell(directory, processor);
    }

    @ParameterizedTest
    @EnumSource(names = "ONE_WITHOUT_THE_INSTRUCTION", mode = EnumSource.Mode.EXCLUDE)
    void everyLengthToFourKibibytesIsSealedAsTheJdkSealsIt(Processor processor) throws Exception {
        start(processor);
        Random random = new Random(Seed.of(5));
        for (int length = 0; length <= 4096; length++) {
            byte[] key = random(BLOCK + 8 * random.nextInt(3), random.nextLong());
            byte[] iv = random(12, random.nextLong());
            byte[] text = random(length, random.nextLong());
            byte[] besides = random(random.nextInt(40), random.nextLong());
            Cipher jdk = Cipher.getInstance("AES/GCM/NoPadding");
            jdk.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(8 * BLOCK, iv));
            jdk.updateAAD(besides);
            assertArrayEquals(jdk.doFinal(text), sealed(key, iv, text, besides), "length " + length);
        }
    }

    /** Of "The Galois/Counter Mode of Operation (GCM)", D. McGrew and J. Viega, appendix B. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            1, 00000000000000000000000000000000, 000000000000000000000000, '', '', 58e2fccefa7e3061367f1d57a4e7455a
            2, 00000000000000000000000000000000, 000000000000000000000000, 00000000000000000000000000000000, '', \
            0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf
            4, feffe9928665731c6d6a8f9467308308, cafebabefacedbaddecaf888, \
            d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39, \
            feedfacedeadbeeffeedfacedeadbeefabaddad2, \
            42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091\
            5bc94fbc3221a5db94fae95ae7121a47
            10, feffe9928665731c6d6a8f9467308308feffe9928665731c, cafebabefacedbaddecaf888, \
            d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39, \
            feedfacedeadbeeffeedfacedeadbeefabaddad2, \
            3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710\
            2519498e80f1478f37ba55bd6d27618c
            16, feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308, cafebabefacedbaddecaf888, \
            d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39, \
            feedfacedeadbeeffeedfacedeadbeefabaddad2, \
            522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
            76fc6ece0f4e1768cddf8853bb2d551b
            """)
    void thePublishedTextsAreSealedAsPublished(int test, String key, String iv, String text, String besides,
            String sealed)
            throws Exception {
        start(Processor.THIS);
        assertEquals(sealed, HEX.formatHex(sealed(HEX.parseHex(key), HEX.parseHex(iv), HEX.parseHex(text),
                HEX.parseHex(besides))), "test case " + test);
    }

    @ParameterizedTest
    @EnumSource(names = "ONE_WITHOUT_THE_INSTRUCTION", mode = EnumSource.Mode.EXCLUDE)
    void theCounterCarriesThroughAllOfItsBytes(Processor processor) throws Exception {
        start(processor);
        for (String first : List.of("ffffffffffffffffffffffffffffffff", "fffffffffffffffffffffffffffffffa",
                "0000000000000000fffffffffffffff9", "00000000ffffffffffffffffffffffff",
                "000000000000000000000000fffffffd")) {
            for (int blocks = 0; blocks <= 20; blocks++) {
                byte[] key = random(32, blocks);
                byte[] text = random(blocks * BLOCK, blocks + 1);
                byte[] counter = HEX.parseHex(first);
                assertArrayEquals(jdkCounterMode(key, counter, text), counterMode(key, counter, text, 0, 0), first);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = "ONE_WITHOUT_THE_INSTRUCTION", mode = EnumSource.Mode.EXCLUDE)
    void whatIsWrittenMayLieBeforeWhatIsReadAndNothingAroundItChanges(Processor processor) throws Exception {
        start(processor);
        byte[] key = random(32, 1);
        for (int before : new int[]{0, 1, 5, 15, 16, 17, 100, 129}) {
            for (int blocks : new int[]{1, 7, 8, 9, 31, 64}) {
                byte[] text = random(blocks * BLOCK, blocks);
                byte[] counter = random(BLOCK, before);
                assertArrayEquals(jdkCounterMode(key, counter, text), counterMode(key, counter, text, 200, before),
                        blocks + " blocks, " + before + " bytes before");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"amd64, gcc, qemu-x86_64 -cpu Conroe, 0", "amd64, gcc, qemu-x86_64 -cpu Nehalem, 0",
            "amd64, gcc, qemu-x86_64 -cpu Westmere, 1", "'', gcc -DPORTABLE, '', 0",
            "'', aarch64-linux-gnu-gcc -static, qemu-aarch64 -cpu cortex-a57, 1"})
    void aProcessorIsAskedWhetherItHasTheInstructions(String only, String compiler, String runner, int has)
            throws Exception {
        Assumptions.assumeTrue(only.isEmpty() || System.getProperty("os.arch").equals(only),
                "gcc is another processor's here");
        shell = new KernelsShell(directory, compiler, runner.isEmpty() ? List.of() : List.of(runner.split(" ")));
        assertEquals(has, shell.ask('h', 0, 0, Integer.BYTES).getInt());
    }

    /** AES-GCM of the parts, as the JDK puts it together: what is encrypted, and the tag behind it. */
    private byte[] sealed(byte[] key, byte[] iv, byte[] text, byte[] besides) throws Exception {
        byte[] first = Arrays.copyOf(iv, BLOCK);
        first[BLOCK - 1] = 1;
        byte[] next = first.clone();
        next[BLOCK - 1] = 2;
        int whole = text.length - text.length % BLOCK;
        byte[] encrypted = Arrays.copyOf(counterMode(key, next, Arrays.copyOf(text, whole), text.length % 13, 0),
                text.length);
        byte[] counted = next.clone();
        counted[BLOCK - 1] += (byte) (whole / BLOCK);
        counted[BLOCK - 2] += (byte) ((2 + whole / BLOCK) >>> 8);
        byte[] last = block(key, counted);
        for (int i = whole; i < text.length; i++) {
            encrypted[i] = (byte) (text[i] ^ last[i - whole]);
        }
        byte[] lengths = ByteBuffer.allocate(BLOCK).putLong(8L * besides.length).putLong(8L * text.length).array();
        byte[] hash = new byte[BLOCK];
        byte[] hashKey = block(key, new byte[BLOCK]);
        for (byte[] part : List.of(besides, encrypted, lengths)) {
            hash = hashed(hash, hashKey, Arrays.copyOf(part, (part.length + BLOCK - 1) / BLOCK * BLOCK));
        }
        byte[] mask = block(key, first);
        byte[] sealed = Arrays.copyOf(encrypted, text.length + BLOCK);
        for (int i = 0; i < BLOCK; i++) {
            sealed[text.length + i] = (byte) (hash[i] ^ mask[i]);
        }
        return sealed;
    }

    private byte[] counterMode(byte[] key, byte[] counter, byte[] text, int offset, int before) throws IOException {
        int rounds = AesKeySchedule.rounds(key);
        ByteBuffer answer = shell.ask('a', rounds | before << 8, offset, BLOCK + AROUND + text.length + AROUND, counter,
                AesKeySchedule.of(key), text);
        byte[] counted = new byte[BLOCK];
        byte[] front = new byte[AROUND];
        byte[] encrypted = new byte[text.length];
        byte[] behind = new byte[AROUND];
        answer.get(counted).get(front).get(encrypted).get(behind);
        assertArrayEquals(HEX.parseHex("5a".repeat(AROUND)), front);
        if (before == 0) {
            assertArrayEquals(HEX.parseHex("5a".repeat(AROUND)), behind);
        }
        assertArrayEquals(plus(counter, text.length / BLOCK), counted);
        return encrypted;
    }

    private byte[] block(byte[] key, byte[] block) throws Exception {
        byte[] encrypted = new byte[BLOCK];
        shell.ask('b', AesKeySchedule.rounds(key), 0, BLOCK, AesKeySchedule.of(key), block).get(encrypted);
        Cipher jdk = Cipher.getInstance("AES/ECB/NoPadding");
        jdk.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"));
        assertArrayEquals(jdk.doFinal(block), encrypted);
        return encrypted;
    }

    private byte[] hashed(byte[] hash, byte[] key, byte[] data) throws IOException {
        ByteBuffer answer = shell.ask('g', 0, data.length % 13, BLOCK, twoLongs(hash), twoLongs(key), data);
        return ByteBuffer.allocate(BLOCK).putLong(answer.getLong()).putLong(answer.getLong()).array();
    }

    private static byte[] twoLongs(byte[] block) {
        ByteBuffer bytes = ByteBuffer.wrap(block);
        return ByteBuffer.allocate(BLOCK).order(ByteOrder.nativeOrder()).putLong(bytes.getLong())
                .putLong(bytes.getLong())
                .array();
    }

    private static byte[] jdkCounterMode(byte[] key, byte[] counter, byte[] text) throws Exception {
        Cipher jdk = Cipher.getInstance("AES/CTR/NoPadding");
        jdk.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(counter));
        return jdk.doFinal(text);
    }

    private static byte[] plus(byte[] counter, int blocks) {
        byte[] sum = counter.clone();
        for (int i = 0; i < blocks; i++) {
            for (int at = BLOCK - 1; at >= 0 && ++sum[at] == 0; at--) {
                continue;
            }
        }
        return sum;
    }
}
