package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** A receiver as a process, and what the kernel has counted of it. */
final class Receiver implements AutoCloseable {

    /** {@code sysconf(_SC_CLK_TCK)}: 100 on every Linux that Java runs on. */
    private static final double TICKS_PER_SECOND = 100;

    private static final int LOWEST_PORT = 20_000;
    private static final int PORTS = 12_000;

    private final Process process;
    private final int port;
    private final Path directory;

    private Receiver(Process process, int port, Path directory) {
        this.process = process;
        this.port = port;
        this.directory = directory;
    }

    /**
     * Starts it, and waits until it listens.
     *
     * @param command where PORT stands for the port and DIR for the directory
     */
    static Receiver start(String name, List<String> command, Map<String, String> environment, Path work)
            throws IOException, InterruptedException {
        int port = freePort();
        Path directory = Files.createDirectories(work.resolve(name));
        ProcessBuilder builder = new ProcessBuilder(
                command.stream().map(word -> place(word, port, directory)).toList());
        environment.forEach((key, value) -> builder.environment().put(key, place(value, port, directory)));
        Process process = builder.redirectErrorStream(true).redirectOutput(directory.resolve("log").toFile()).start();
        for (long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30); !listens(port);) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                throw new IOException(name + " does not start:\n" + Files.readString(directory.resolve("log")));
            }
            Thread.sleep(20);
        }
        return new Receiver(process, port, directory);
    }

    private static String place(String word, int port, Path directory) {
        return word.replace("PORT", String.valueOf(port)).replace("DIR", directory.toString());
    }

    /** A port that nobody listens on, from below those that the kernel gives to whoever connects meanwhile. */
    static int freePort() throws IOException {
        for (int tries = 0;; tries++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST_PORT, LOWEST_PORT + PORTS);
            try (ServerSocket any = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return any.getLocalPort();
            } catch (BindException e) {
                if (tries == PORTS) {
                    throw e;
                }
            }
        }
    }

    static boolean listens(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }

    int port() {
        return port;
    }

    Path directory() {
        return directory;
    }

    /** Returns when none of its children is left: their time is counted when they have ended. */
    void awaitQuiet() throws InterruptedException {
        while (process.descendants().findAny().isPresent()) {
            Thread.sleep(5);
        }
    }

    /** CPU seconds so far of the process and of its children that have ended. */
    double cpuSeconds() throws IOException {
        return ticks(Path.of("/proc", String.valueOf(process.pid()), "stat"), true);
    }

    /** CPU seconds so far of the threads that compile. */
    double jitSeconds() throws IOException {
        double seconds = 0;
        try (var threads = Files.newDirectoryStream(Path.of("/proc", String.valueOf(process.pid()), "task"))) {
            for (Path thread : threads) {
                try {
                    String name = Files.readString(thread.resolve("comm"));
                    if (name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler")) {
                        seconds += ticks(thread.resolve("stat"), false);
                    }
                } catch (NoSuchFileException e) {
                    continue; // ended meanwhile
                }
            }
        }
        return seconds;
    }

    private static double ticks(Path stat, boolean children) throws IOException {
        String text = Files.readString(stat);
        String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
        long ticks = 0;
        for (int i = 11; i < (children ? 15 : 13); i++) {
            ticks += Long.parseLong(fields[i]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** The most memory it has had, in MiB. */
    long peakMib() throws IOException {
        return mib("VmHWM:");
    }

    /** The memory it has now, in MiB. */
    long nowMib() throws IOException {
        return mib("VmRSS:");
    }

    /** Its open descriptors, sockets among them, but for those of jars, which a JVM opens with the first class it needs of each. */
    long descriptors() throws IOException {
        long open = 0;
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc", String.valueOf(process.pid()), "fd"))) {
            for (Path each : descriptors) {
                try {
                    open += Files.readSymbolicLink(each).toString().endsWith(".jar") ? 0 : 1;
                } catch (NoSuchFileException e) {
                    continue; // closed meanwhile
                }
            }
        }
        return open;
    }

    /** Whether the process has not ended. */
    boolean isAlive() {
        return process.isAlive();
    }

    private long mib(String line) throws IOException {
        return Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "status")).stream()
                .filter(each -> each.startsWith(line))
                .mapToLong(each -> Long.parseLong(each.replaceAll("\\D", "")) / 1024).findFirst().orElse(0);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
    }
}
