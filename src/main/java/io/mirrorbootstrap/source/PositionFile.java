package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.file.Path;

/** A file in which a program leaves, beside a snapshot, from where to follow it: as {@code xtrabackup_binlog_info}. */
public record PositionFile(Path file) {

    /**
     * Reads it: its text in one line, with a blank for each run of blanks and ends of lines.
     *
     * @throws IOException where it cannot be read, or is no position, with a sentence for a person
     */
    public String read() throws IOException {
        throw new IOException(file + " is not read yet");
    }
}
