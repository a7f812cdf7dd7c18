package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

import com.github.luben.zstd.util.Native;

import io.mirrorbootstrap.snapshot.Text;

/**
 * The library of zstd, which is machine code: it is unpacked to Java's directory for temporary files ({@code java.io.tmpdir}) before it is
 * first used, and removed from there at once, as a process that is killed would leave it. Any thread, but no event loop.
 */
public final class ZstdLibrary {

    /** Null until it was tried. */
    private static Optional<String> problem;

    private ZstdLibrary() {
    }

    /** Why it cannot be used in this process, in words; empty: it can. */
    public static synchronized Optional<String> problem() {
        if (problem == null) {
            problem = load();
        }
        return problem;
    }

    private static Optional<String> load() {
        try {
            Path folder = Files.createTempDirectory("mirror-bootstrap-");
            try {
                Native.load(folder.toFile());
            } finally {
                remove(folder);
            }
            return Optional.empty();
        } catch (LinkageError | IOException | RuntimeException e) { // also where there is none for this processor
            return Optional
                    .of("the library of zstd cannot be loaded from " + System.getProperty("java.io.tmpdir") + ": "
                            + Text.readable(String.valueOf(e.getMessage())));
        }
    }

    private static void remove(Path folder) throws IOException {
        try (DirectoryStream<Path> unpacked = Files.newDirectoryStream(folder)) {
            for (Path each : unpacked) {
                Files.delete(each);
            }
        }
        Files.delete(folder);
    }
}
