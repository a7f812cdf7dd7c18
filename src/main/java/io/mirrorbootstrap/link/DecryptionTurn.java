package io.mirrorbootstrap.link;

import java.util.concurrent.Semaphore;
import java.util.function.IntSupplier;

/**
 * Taken while a session is decrypted: what one record can make Java keep until it is known what the record was (some 3 MB) must not add
 * up. To wait costs nothing where so many are at work, as decrypting waits for nothing but a processor. Worker only.
 *
 * @param ofCaller those of one caller, so that others need not wait for it
 * @param ofAll what the heap bears, however many processors there are
 */
record DecryptionTurn(Semaphore ofCaller, Semaphore ofAll) {

    /** Does {@code work} when it is its turn. */
    int take(IntSupplier work) {
        ofCaller.acquireUninterruptibly();
        try {
            ofAll.acquireUninterruptibly();
            try {
                return work.getAsInt();
            } finally {
                ofAll.release();
            }
        } finally {
            ofCaller.release();
        }
    }
}
