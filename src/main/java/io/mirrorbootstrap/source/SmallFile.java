package io.mirrorbootstrap.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

import io.mirrorbootstrap.store.Reason;

/** Files that a person writes, which are short; of another one, named by mistake, no more is read than that takes. */
public final class SmallFile {

    private SmallFile() {
    }

    /**
     * Reads one that is read again for each link. A pipe can be read only once, and to open one may take for ever.
     *
     * @param mostBytes how long it may be
     * @throws IOException with a sentence that names the file
     */
    static byte[] readAgain(Path file, int mostBytes) throws IOException {
        requireRegular(file);
        return readOnce(file, mostBytes);
    }

    /** Whether {@code file} is one that can be read again; none that is not there, or a directory, which to read tells. */
    static void requireRegular(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
            throw new IOException(file + " is no regular file, which it must be: it is read again for each link");
        }
    }

    /**
     * Reads one, which may be a pipe.
     *
     * @param mostBytes how long it may be
     * @throws IOException with a sentence that names the file
     */
    public static byte[] readOnce(Path file, int mostBytes) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(mostBytes + 1);
        } catch (IOException e) {
            throw new IOException(file + " cannot be read: " + Reason.of(e), e);
        }
        if (bytes.length > mostBytes) {
            throw new IOException(file + " has more than " + mostBytes + " bytes");
        }
        return bytes;
    }
}
