package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/**
 * Another process that locks a file, which it makes if there is none, and has it until it is closed: the locks of a process
 * tell itself nothing.
 */
final class LockHolder implements AutoCloseable {

    private static final int IN_VAIN = 3;

    private final Process process;
    private final boolean locked;

    LockHolder(Path file) throws IOException {
        process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto",
                "-cp", System.getProperty("java.class.path"), LockHolder.class.getName(), file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        locked = process.inputReader().readLine() != null;
    }

    /** Whether it has the lock. */
    boolean isLocked() {
        return locked;
    }

    @Override
    public void close() throws Exception {
        process.getOutputStream().close();
        if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != (locked ? 0 : IN_VAIN)) {
            process.destroyForcibly();
            throw new IllegalStateException("the other process has failed");
        }
    }

    /** Locks the file that is named, says so, and ends with standard input. */
    public static void main(String[] args) throws IOException {
        FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (channel.tryLock() == null) {
            System.exit(IN_VAIN);
        }
        System.out.println("locked");
        System.in.read();
        System.exit(0);
    }
}
