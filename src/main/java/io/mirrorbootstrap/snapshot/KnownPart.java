package io.mirrorbootstrap.snapshot;

import java.util.Optional;

import io.mirrorbootstrap.store.FileFacts;

/**
 * The first bytes of a partial file as this process wrote them or has read them back. They are known for as long as the file
 * is this one and nobody has written to it: of any other file, or of none, nothing is known.
 *
 * @param bytes how many, 0 or more
 * @param crc32c of these
 * @param file the facts of the file at that time
 */
record KnownPart(long bytes, Crc32c crc32c, FileFacts file) {

    KnownPart {
        assert 0 <= bytes && bytes <= file.bytes() : bytes + " of " + file.bytes();
    }

    /** Whether {@code there} is the very file, as it was. */
    boolean isOf(Optional<FileFacts> there) {
        return there.equals(Optional.of(file));
    }
}
