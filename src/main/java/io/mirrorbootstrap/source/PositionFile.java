package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.store.Reason;

/** A file in which a program leaves, beside a snapshot, from where to follow it: as {@code xtrabackup_binlog_info}. */
public record PositionFile(Path file) {

    /** With all its blanks; what is longer is no position, but perhaps the snapshot itself. */
    private static final int MAX_BYTES = 64 * 1024;

    private static final String BLANKS = "[ \t\r\n]+";

    /**
     * Reads it: its text in one line, with a blank for each run of blanks and ends of lines.
     *
     * @throws IOException where it cannot be read, or is no position, with a sentence for a person
     */
    public String read() throws IOException {
        String text = text().replaceAll(BLANKS, " ").strip();
        if (text.isEmpty()) {
            throw new IOException("the position cannot be had: " + file + " is empty");
        } else if (!Notes.isValidPosition(text)) {
            throw new IOException("the position cannot be had: " + file + " must have " + Notes.POSITION_RULE
                    + ", its ends of lines apart");
        }
        return text;
    }

    private String text() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES + 1);
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                throw new IOException("it is no regular file"); // a pipe, which may never end
            }
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
                while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                    continue;
                }
            }
            if (!bytes.hasRemaining()) {
                throw new IOException("it has more than " + MAX_BYTES + " bytes");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw new IOException("the position cannot be had: " + file + " is not UTF-8", e);
        } catch (IOException e) {
            throw new IOException("the position cannot be had: " + file + " cannot be read: " + Reason.of(e), e);
        }
    }
}
