package io.mirrorbootstrap.link;

import static io.mirrorbootstrap.RandomBytes.random;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.Seed;

/**
 * The native executable's C functions do what the Java code does that they stand for: compared through a small program
 * that gcc builds, at every alignment, as an array on the heap has another one than memory outside of it. That the executable calls
 * them, and with which address, is KernelsIT's. And a processor that it was not built for is refused.
 */
class KernelsTest {

    private static final int MASK = 0x9D3A71C5;
    private static final int AROUND = 8;

    @TempDir
    Path directory;

    private Process shell;
    private DataOutputStream requests;
    private DataInputStream results;

    /** For which processor, and how what is built for it is run here. */
    enum Processor {
        THIS("gcc", List.of()),
        ONE_WITHOUT_THE_INSTRUCTION("gcc -DPORTABLE", List.of()),
        ARM("aarch64-linux-gnu-gcc -static", List.of("qemu-aarch64"));

        private final String compiler;
        private final List<String> runner;

        Processor(String compiler, List<String> runner) {
            this.compiler = compiler;
            this.runner = runner;
        }
    }

    private void start(Processor processor) throws Exception {
        List<String> command = new ArrayList<>(processor.runner);
        command.add(build(processor.compiler, processor.runner, List.of()).toString());
        shell = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        requests = new DataOutputStream(new BufferedOutputStream(shell.getOutputStream(), 1 << 20));
        results = new DataInputStream(shell.getInputStream());
    }

    /** The program around the kernels; the test is skipped where its compiler or its runner is not there. */
    private Path build(String compiler, List<String> runner, List<String> options) throws InterruptedException {
        List<String> build = new ArrayList<>(List.of(compiler.split(" ")));
        for (String needed : Stream.concat(Stream.of(build.get(0)), runner.stream().limit(1)).toList()) {
            if (!runs(List.of(needed, "--version"))) {
                System.err.println("KernelsTest IS SKIPPED FOR " + compiler + ", THERE IS NO " + needed
                        + ": THE NATIVE EXECUTABLE'S KERNELS ARE NOT TESTED FOR IT");
                assumeTrue(false, "there is no " + needed);
            }
        }
        Path library = directory.resolve("libkernels.a");
        Path program = directory.resolve("shell");
        assertTrue(runs(List.of("env", "CC=" + compiler, "src/main/c/build", library.toString())),
                "the library does not build");
        build.addAll(List.of("-O2", "-Wall", "-Wextra", "-Werror", "-o", program.toString(),
                "src/test/c/kernels_shell.c", library.toString()));
        build.addAll(options);
        assertTrue(runs(build), "the program does not build");
        return program;
    }

    @AfterEach
    void stop() throws Exception {
        if (shell != null) {
            requests.close();
            assertTrue(shell.waitFor(10, TimeUnit.SECONDS), "the program does not end");
            assertEquals(0, shell.exitValue());
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

    @ParameterizedTest
    @CsvSource({"amd64, gcc, qemu-x86_64 -cpu Conroe, 'sse4.1, sse4.2, popcnt, aes, pclmul'",
            "amd64, gcc, qemu-x86_64 -cpu Nehalem, 'aes, pclmul'", "amd64, gcc, qemu-x86_64 -cpu Westmere,",
            "'', aarch64-linux-gnu-gcc -static, qemu-aarch64 -cpu cortex-a57,"})
    void aProcessorThatLacksAnInstructionIsRefusedWhereThatWasAskedFor(String only, String compiler, String runner,
            String lacks) throws Exception {
        assumeTrue(only.isEmpty() || System.getProperty("os.arch").equals(only), "gcc is another processor's here");
        Path program = build(compiler, List.of(runner.split(" ")), List.of("-umirror_bootstrap_processor"));
        List<String> command = new ArrayList<>(List.of(runner.split(" ")));
        command.add(program.toString());
        Process refused = new ProcessBuilder(command).start();
        refused.getOutputStream().close();
        String said = new String(refused.getErrorStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(lacks == null
                ? ""
                : "mirror-bootstrap: this processor lacks " + lacks
                        + ", which this executable was built for; one built with -Dportable runs on it\n",
                said);
        assertEquals(lacks == null ? 0 : 1, refused.waitFor());
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

    private static boolean runs(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
