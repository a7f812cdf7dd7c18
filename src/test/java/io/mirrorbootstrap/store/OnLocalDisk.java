package io.mirrorbootstrap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that uses a volume, and what others, who can write to it, put there. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // a thread that hangs in the kernel cannot be interrupted
abstract class OnLocalDisk {

    static final String LOCK = ".lock";
    static final byte[] CONTENT = "ours".getBytes();

    @TempDir
    Path data;

    Path files;
    Path lock;
    LocalDisk disk;

    @BeforeEach
    void make() throws IOException {
        files = data.resolve("files");
        lock = data.resolve(LOCK);
        disk = new LocalDisk(files, LOCK, Duration.ZERO);
        disk.make();
    }

    /** Puts something there that is no file: a pipe, a directory, a link or a socket. */
    AutoCloseable plant(String kind, Path where) throws Exception {
        switch (kind) {
            case "pipe" -> assertEquals(0, new ProcessBuilder("mkfifo", where.toString()).start().waitFor());
            case "directory" -> Files.createDirectory(where);
            case "link" -> Files.createSymbolicLink(where, Files.writeString(data.resolve("theirs"), "not ours"));
            default -> {
                return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        .bind(UnixDomainSocketAddress.of(where));
            }
        }
        return () -> {
        };
    }
}
