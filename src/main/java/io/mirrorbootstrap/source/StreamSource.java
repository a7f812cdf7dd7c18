package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/** Where the bytes of a stream come from. It is opened on another thread than the rest is asked on, before that, or never. */
@FunctionalInterface
public interface StreamSource extends Closeable {

    /**
     * Begins to read; called once, when there is a link. May wait, as for a program that opens the other end of a named
     * pipe.
     *
     * @return blocking; the caller closes it
     * @throws IOException when that is not possible, with a sentence for a person
     */
    ReadableByteChannel open() throws IOException;

    /**
     * Waits, behind the end of the stream, until it is known how whoever wrote it has ended: a program may go on in silence. Called once, by
     * the thread that has opened it.
     */
    default void awaitEnd() throws InterruptedException {
        // of most sources the end of the stream is all there is to know
    }

    /**
     * Why what was read is no snapshot; empty when nothing speaks against it. See {@link SnapshotInput#flaw()}.
     *
     * @param bytes how many were read
     * @param ended whether the stream has come to its end, and {@link #awaitEnd} too
     */
    default Optional<Outcome> flaw(long bytes, boolean ended) throws IOException, InterruptedException {
        return Optional.empty();
    }

    /** Called when nothing more is wanted, whether or not it was opened. */
    @Override
    default void close() throws IOException {
        // most sources are at their end with their channel
    }
}
