package io.mirrorbootstrap.wire;

import java.util.Optional;

import com.github.luben.zstd.util.Native;

/**
 * The library of zstd, which is machine code: Java unpacks it to its directory for temporary files ({@code java.io.tmpdir}) before it is
 * first used. Any thread, but no event loop.
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
            Native.load();
            return Optional.empty();
        } catch (LinkageError | RuntimeException e) { // also where there is none for this processor
            return Optional.of("the library of zstd cannot be loaded from " + System.getProperty("java.io.tmpdir")
                    + ": " + e.getMessage());
        }
    }
}
