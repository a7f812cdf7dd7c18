package io.mirrorbootstrap.snapshot;

import java.io.IOException;

import io.mirrorbootstrap.store.Reason;

/**
 * What somebody has written could not be made durable. The kernel tells that once: the next force would succeed, whatever was lost, and until a
 * power cut the bytes are read from memory as if they were there.
 */
public final class NotForcedException extends IOException {

    private static final long serialVersionUID = 1;

    NotForcedException(String name, IOException cause) {
        super(name + " cannot be made durable: " + Reason.of(cause), cause);
    }
}
