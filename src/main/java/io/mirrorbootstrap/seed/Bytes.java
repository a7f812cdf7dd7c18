package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** The bytes of a snapshot as they come. One thread, which waits. */
interface Bytes extends AutoCloseable {

    /**
     * The next ones; they are there until this is asked again.
     *
     * @param most how many, 1 or more
     * @return at most so many; none when none has come in a moment
     * @throws ChangedException when they have become others
     * @throws IOException when they do not come, with a sentence
     */
    ByteBuffer next(int most) throws IOException, InterruptedException;

    /** In what they have become others since this was made, as far as that can be found out; to be asked when all have come. */
    default Optional<String> change() throws IOException, InterruptedException {
        return Optional.empty();
    }

    @Override
    void close();
}
