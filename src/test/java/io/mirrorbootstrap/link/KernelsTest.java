package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The native executable's C functions do what the Java code does that they stand for: compared through a small program
 * that gcc builds. What is not proven here is that native-image calls them.
 */
class KernelsTest {

    private static final int MASK = 0x9D3A71C5;
    private static final int AROUND = 8;

    @TempDir
    Path directory;

    private Process shell;
    private DataOutputStream requests;
    private DataInputStream results;

    @BeforeEach
    void start() throws Exception {
        if (!runs("gcc", "--version")) {
            System.err
                    .println("KernelsTest is skipped, there is no gcc: the native executable's kernels are NOT TESTED");
        }
        assumeTrue(runs("gcc", "--version"), "there is no gcc: the native executable's kernels are not tested");
        Path library = directory.resolve("libkernels.a");
        Path program = directory.resolve("shell");
        assertTrue(runs("src/main/c/build", library.toString()), "the library does not build");
        assertTrue(runs("gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program.toString(),
                "src/test/c/kernels_shell.c", library.toString()), "the program does not build");
        shell = new ProcessBuilder(program.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        requests = new DataOutputStream(new BufferedOutputStream(shell.getOutputStream(), 1 << 20));
        results = new DataInputStream(shell.getInputStream());
    }

    @AfterEach
    void stop() throws Exception {
        if (shell != null) {
            requests.close();
            assertTrue(shell.waitFor(10, TimeUnit.SECONDS), "the program does not end");
            assertEquals(0, shell.exitValue());
        }
    }

    @Test
    void theCrcOfEveryLengthAtEveryAlignmentIsJavas() throws IOException {
        byte[] all = random(1024 + 64);
        for (int offset = 0; offset < 16; offset++) {
            for (int length = 0; length <= 1024; length++) {
                byte[] bytes = Arrays.copyOfRange(all, offset, offset + length);
                assertEquals(java(bytes), ~crc(-1, offset, bytes), "offset " + offset + ", length " + length);
            }
        }
    }

    @Test
    void theCrcAroundTheBlocksThatAreReadAsThreeIsJavas() throws IOException {
        for (int block : new int[]{3 * 512, 3 * 1024, 3 * 16 * 1024, 3 * 16 * 1024 + 3 * 512, 6 * 16 * 1024,
                256 * 1024}) {
            for (int length = block - 17; length <= block + 17; length++) {
                byte[] bytes = random(length);
                assertEquals(java(bytes), ~crc(-1, length % 8, bytes), "length " + length);
            }
        }
    }

    @Test
    void aCrcGoesOnFromCallToCall() throws IOException {
        Random random = new Random(3);
        CRC32C expected = new CRC32C();
        int state = -1;
        for (int i = 0; i < 500; i++) {
            byte[] bytes = random(random.nextInt(1 << random.nextInt(19)));
            expected.update(bytes);
            state = crc(state, random.nextInt(64), bytes);
            assertEquals((int) expected.getValue(), ~state, "call " + i);
        }
    }

    @Test
    void everyLengthAtEveryAlignmentIsUnmaskedWithTheMaskTurnedEveryWayAndNothingAroundIt() throws IOException {
        byte[] all = random(1024);
        for (int offset = 0; offset < 16; offset++) {
            for (int length = 0; length <= 1024; length += length < 70 ? 1 : 53) {
                for (int turned = 0; turned < 4; turned++) {
                    int mask = Unmasking.turn(MASK, turned);
                    ByteBuffer expected = ByteBuffer.allocate(length + 2 * AROUND);
                    Arrays.fill(expected.array(), (byte) 0x5A);
                    expected.position(AROUND).put(all, 0, length).position(AROUND).limit(AROUND + length);
                    Unmasking.unmask(expected, mask);
                    request('u', mask, offset, Arrays.copyOf(all, length));
                    assertArrayEquals(expected.array(), results.readNBytes(length + 2 * AROUND),
                            "offset " + offset + ", length " + length + ", turned " + turned);
                }
            }
        }
    }

    private int crc(int state, int offset, byte[] bytes) throws IOException {
        request('c', state, offset, bytes);
        return ByteBuffer.wrap(results.readNBytes(Integer.BYTES)).order(ByteOrder.nativeOrder()).getInt();
    }

    private void request(char what, int argument, int offset, byte[] bytes) throws IOException {
        requests.write(what);
        requests.write(ByteBuffer.allocate(3 * Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(argument)
                .putInt(offset).putInt(bytes.length).array());
        requests.write(bytes);
        requests.flush();
    }

    private static int java(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(List.of(command)).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
