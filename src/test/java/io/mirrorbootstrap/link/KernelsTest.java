package io.mirrorbootstrap.link;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.KernelsShell;
import io.mirrorbootstrap.KernelsShell.Processor;
import io.mirrorbootstrap.Seed;
import io.mirrorbootstrap.wire.Masking;

/**
 * The native executable's C functions do what the Java code does that they stand for: compared through a small program
 * that gcc builds, at every alignment, as an array on the heap has another one than memory outside of it. That the executable calls
 * them, and with which address, is KernelsIT's.
 */
class KernelsTest {

    private static final int MASK = 0x9D3A71C5;
    private static final int AROUND = 8;

    @TempDir
    Path directory;

    private KernelsShell shell;

    private void start(Processor processor) throws Exception {
        shell = new KernelsShell(directory, processor);
    }

    @AfterEach
    void stop() throws Exception {
        if (shell != null) {
            shell.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theCrcOfEveryLengthAtEveryAlignmentIsJavas(Processor processor) throws Exception {
        start(processor);
        byte[] all = random(1024 + 64, 1);
        for (int offset = 0; offset < 16; offset++) {
            for (int length = 0; length <= 1024; length++) {
                byte[] bytes = Arrays.copyOfRange(all, offset, offset + length);
                assertEquals(java(bytes), ~crc(-1, offset, bytes), "offset " + offset + ", length " + length);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theCrcAroundTheBlocksThatAreReadAsThreeIsJavas(Processor processor) throws Exception {
        start(processor);
        for (int block : new int[]{3 * 512, 3 * 1024, 3 * 16 * 1024, 3 * 16 * 1024 + 3 * 512, 6 * 16 * 1024,
                256 * 1024}) {
            for (int length = block - 17; length <= block + 17; length++) {
                byte[] bytes = random(length, length);
                assertEquals(java(bytes), ~crc(-1, length % 8, bytes), "length " + length);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCrcGoesOnFromCallToCall(Processor processor) throws Exception {
        start(processor);
        Random random = new Random(Seed.of(3));
        CRC32C expected = new CRC32C();
        int state = -1;
        for (int i = 0; i < 500; i++) {
            byte[] bytes = random(random.nextInt(1 << random.nextInt(19)), i);
            expected.update(bytes);
            state = crc(state, random.nextInt(64), bytes);
            assertEquals((int) expected.getValue(), ~state, "call " + i);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyLengthAtEveryAlignmentIsUnmaskedWithTheMaskTurnedEveryWayAndNothingAroundIt(Processor processor)
            throws Exception {
        start(processor);
        byte[] all = random(1024, 1);
        for (int offset = 0; offset < 16; offset++) {
            for (int length = 0; length <= 1024; length++) {
                for (int turned = 0; turned < 4; turned++) {
                    int mask = Masking.turn(MASK, turned);
                    ByteBuffer expected = ByteBuffer.allocate(length + 2 * AROUND);
                    Arrays.fill(expected.array(), (byte) 0x5A);
                    expected.position(AROUND).put(all, 0, length).position(AROUND).limit(AROUND + length);
                    Masking.mask(expected, mask);
                    byte[] text = Arrays.copyOf(all, length);
                    assertArrayEquals(expected.array(), shell.ask('u', mask, offset, length + 2 * AROUND, text).array(),
                            "offset " + offset + ", length " + length + ", turned " + turned);
                }
            }
        }
    }

    private int crc(int state, int offset, byte[] bytes) throws IOException {
        return shell.ask('c', state, offset, Integer.BYTES, bytes).getInt();
    }

    private static int java(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
