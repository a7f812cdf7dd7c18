package io.mirrorbootstrap.seed;

import java.io.IOException;

/** Whom a snapshot is read from. One thread, which waits. */
sealed interface Provider permits Sibling, SeedObject {

    /** Where it is, for people: a URL without its query, which may be a secret. */
    String where();

    /** The same in a sentence, as in {@code the sibling at 10.0.0.7:8080}. */
    String words();

    /**
     * The bytes of {@code offer}, which is of this provider.
     *
     * @param from the first one, less than its size
     * @throws ChangedException when it has others by now
     * @throws IOException when they do not come, with a sentence
     */
    Bytes bytes(Offer offer, long from) throws IOException, InterruptedException;
}
