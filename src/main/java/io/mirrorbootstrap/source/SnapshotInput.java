package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/** Where the bytes of a snapshot come from. One thread at a time. */
public interface SnapshotInput extends Closeable {

    /** What it is called in messages. */
    String name();

    /** The size in bytes, as found when it was opened; empty when only the end will tell. */
    OptionalLong size();

    /**
     * Waits, at most {@code patience}, until there is something to read, or it is known that nothing comes and how it has ended: what is
     * behind a stream may be silent, also behind its last byte, and meanwhile the link wants to be heard.
     *
     * @return whether that is so
     */
    boolean isReady(Duration patience) throws InterruptedException;

    /**
     * Finds out whether there is a byte, waiting for the first one of a stream, and gives none out.
     *
     * @return whether there is one
     * @throws IOException when this is no input that could be sent, with a sentence for a person
     */
    boolean begin() throws IOException, InterruptedException;

    /**
     * Waits, at most {@code patience}, for the first {@link SnapshotHead#BYTES} bytes, or all there are, and gives none out: they are read
     * again from the start. Only as long as nothing has been read.
     *
     * @return empty when they have not come yet
     * @throws IOException when a file cannot be read; how a stream has failed is told by {@link #begin}
     */
    Optional<ByteBuffer> head(Duration patience) throws IOException, InterruptedException;

    /** The CRC-32C of all bytes, where it is known before they are read. */
    Optional<Crc32c> known();

    /**
     * Names these very bytes to whoever reads them again, see {@link SnapshotIdentity#isValidStreamId}.
     *
     * @return empty where they can be read only once
     */
    Optional<String> lastingName();

    /**
     * Goes to a byte of a snapshot whose size is known: a stream is only ever where it stands.
     *
     * @param offset 0 to the size, in bytes
     */
    void seek(long offset) throws IOException;

    /**
     * Fills {@code buffer} as far as there are bytes, and does not wait for a program that writes more.
     *
     * @return whether nothing more comes into it: it is full, or the end has been met
     * @throws IOException when the input cannot be read
     */
    boolean read(ByteBuffer buffer) throws IOException, InterruptedException;

    /**
     * Why this is no snapshot after all: the file changed, the program that wrote the stream failed. Empty when nothing
     * speaks against it. Waits a moment at most.
     *
     * @throws IOException when the input cannot be looked at
     */
    Optional<Outcome> flaw() throws IOException, InterruptedException;
}
