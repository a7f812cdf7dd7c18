package io.mirrorbootstrap.store;

import java.time.Instant;
import java.util.Objects;

/**
 * What a directory tells of a plain file.
 *
 * @param bytes its size
 * @param mark tells this file from any other that is or was in the directory with so many bytes, and stays when the file
 *            is renamed. It changes when the file is written to, but for writes in the same tick of the file system's
 *            clock. A copy has another one, so a mark that differs proves nothing. At most 64 characters of ASCII: which file it
 *            is, {@code @}, and its version
 * @param modified when it was last written to, by the wall clock: to be shown or estimated with, never to be relied on
 */
public record FileFacts(long bytes, String mark, Instant modified) {

    /** Checks what the types do not say. */
    public FileFacts {
        Objects.requireNonNull(mark);
        Objects.requireNonNull(modified);
        if (bytes < 0) {
            throw new IllegalArgumentException("a file of " + bytes + " bytes");
        }
    }

    /** Which file it is, whatever is written to it, in the same way. */
    public String file() {
        return mark.substring(0, mark.indexOf('@'));
    }
}
