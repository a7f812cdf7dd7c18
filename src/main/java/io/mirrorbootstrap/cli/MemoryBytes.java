package io.mirrorbootstrap.cli;

import io.mirrorbootstrap.mirror.Size;

/**
 * A size as a person writes it, as in the configuration: a number, or one with K, M, G or T, each 1024 of the one before.
 *
 * @param bytes 0 or more
 */
record MemoryBytes(long bytes) {

    /** @throws IllegalArgumentException when it is none, with a message for a person */
    static MemoryBytes parse(String text) {
        Long bytes;
        try {
            bytes = new Size().convert(text.strip());
        } catch (IllegalArgumentException e) {
            bytes = null;
        }
        if (bytes == null) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no size: it must be a number of bytes, or one with K, M or G");
        }
        return new MemoryBytes(bytes);
    }
}
