package io.mirrorbootstrap;

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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The native executable's C functions in a small program that gcc builds and that does what it is told ({@code src/test/c}). */
public final class KernelsShell implements AutoCloseable {

    /** For which processor, and how what is built for it is run here. */
    public enum Processor {
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

    private final Process program;
    private final DataOutputStream requests;
    private final DataInputStream results;

    /**
     * Builds it in {@code directory} and starts it; the test is skipped where the compiler, or what runs the program, is not there.
     */
    public KernelsShell(Path directory, Processor processor) throws IOException, InterruptedException {
        this(directory, processor.compiler, processor.runner);
    }

    /**
     * @param compiler with its options
     * @param runner with its options, nothing where the program runs by itself
     */
    public KernelsShell(Path directory, String compiler, List<String> runner) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(runner);
        command.add(build(directory, compiler, runner).toString());
        program = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        requests = new DataOutputStream(new BufferedOutputStream(program.getOutputStream(), 1 << 20));
        results = new DataInputStream(program.getInputStream());
    }

    private static Path build(Path directory, String compiler, List<String> runner) throws InterruptedException {
        List<String> build = new ArrayList<>(List.of(compiler.split(" ")));
        for (String needed : Stream.concat(Stream.of(build.get(0)), runner.stream().limit(1)).toList()) {
            if (!runs(List.of(needed, "--version"))) {
                System.err.println("A TEST OF THE KERNELS IS SKIPPED FOR " + compiler + ", THERE IS NO " + needed
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
        assertTrue(runs(build), "the program does not build");
        return program;
    }

    /**
     * Asks for one thing.
     *
     * @param what and {@code argument}: see {@code src/test/c/kernels_shell.c}
     * @param offset of the bytes behind what is aligned, 0 or more
     * @param answerBytes how many bytes the answer has
     * @return the answer, in the machine's order
     */
    public ByteBuffer ask(char what, int argument, int offset, int answerBytes, byte[]... bytes) throws IOException {
        requests.write(what);
        requests.write(ByteBuffer.allocate(3 * Integer.BYTES).order(ByteOrder.nativeOrder()).putInt(argument)
                .putInt(offset).putInt(Stream.of(bytes).mapToInt(part -> part.length).sum()).array());
        for (byte[] part : bytes) {
            requests.write(part);
        }
        requests.flush();
        return ByteBuffer.wrap(results.readNBytes(answerBytes)).order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() throws IOException, InterruptedException {
        requests.close();
        assertTrue(program.waitFor(10, TimeUnit.SECONDS), "the program does not end");
        assertEquals(0, program.exitValue());
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
