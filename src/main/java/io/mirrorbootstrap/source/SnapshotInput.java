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
     * Gives memory for the bytes behind those for which there is some. A stream reads to it from now on, on another thread, until it is full
     * or the stream is over; a file when it is told to, see {@link #read}, and wants none before it has filled what it has.
     *
     * @param memory at least one byte
     */
    void offer(ByteBuffer memory);

    /**
     * Waits, at most {@code patience}, until there is something to read, or it is known that nothing comes and how it has ended: what is
     * behind a stream may be silent, also behind its last byte, and meanwhile the link wants to be heard. A stream has memory for that.
     *
     * @return whether that is so
     */
    default boolean isReady(Duration patience) throws InterruptedException {
        return true; // what can be read again is there
    }

    /**
     * Finds out whether there is a byte, waiting for the first one of a stream.
     *
     * @return whether there is one
     * @throws IOException when this is no input that could be sent, with a sentence for a person
     */
    boolean begin() throws IOException, InterruptedException;

    /**
     * Waits, at most {@code patience}, for the first {@link SnapshotHead#BYTES} bytes, or all there are. Only as long as none is given back:
     * those of a stream are where it was first offered memory.
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
     * Whether those who keep the bytes give {@link #lastingName}, and another one as soon as the bytes are others. Then a sidecar is believed
     * what CRC-32C they have as far as it has them under that name: to compare would mean to bring them all once more.
     */
    default boolean isVouchedFor() {
        return false;
    }

    /**
     * Another reading of these very bytes, for another thread; asked by any thread. Of a snapshot whose size is known.
     *
     * @return at its start; to be closed
     * @throws IOException when it cannot be read, {@link BlockedException} of {@link Obstacle.Changed} when it is another by now
     */
    SnapshotInput again() throws IOException, InterruptedException;

    /**
     * Goes to a byte of a snapshot whose size is known, and forgets the memory it was offered: a stream is only ever where it stands.
     *
     * @param offset 0 to the size, in bytes
     */
    void seek(long offset) throws IOException;

    /**
     * Reads on, as far as there is memory. For a program that writes a stream it waits at most {@code patience}.
     *
     * @param upTo the byte before which all is wanted
     * @return the byte before which all has been read; of a stream that may be further on
     * @throws IOException when what is wanted cannot be read
     */
    long read(long upTo, Duration patience) throws IOException, InterruptedException;

    /** Where it ends, in bytes; empty until that has been met. */
    OptionalLong end();

    /**
     * Why this is no snapshot after all: the file changed, the program that wrote the stream failed. Empty when nothing
     * speaks against it. Waits a moment at most.
     *
     * @throws IOException when the input cannot be looked at
     */
    Optional<Outcome> flaw() throws IOException, InterruptedException;
}
