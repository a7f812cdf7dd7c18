package io.mirrorbootstrap.snapshot;

/**
 * A file that was read, and is not what its manifest says. There may be thousands, and their manifests may be large.
 *
 * @param mark of the file, and its size is {@code bytes}
 * @param crc32c that the manifest says
 */
record ReadInVain(String mark, long bytes, Crc32c crc32c) {

    /** @param described the manifest, with the mark of the file */
    static ReadInVain of(Manifest described) {
        return new ReadInVain(described.fileMark().orElseThrow(), described.snapshot().bytes(),
                described.snapshot().crc32c());
    }
}
