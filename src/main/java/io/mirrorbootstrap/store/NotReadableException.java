package io.mirrorbootstrap.store;

import java.nio.file.AccessDeniedException;

/** Something may not be read: the JDK's own failure does not tell that from what may not be written to. */
final class NotReadableException extends AccessDeniedException {

    private static final long serialVersionUID = 1L;

    NotReadableException(AccessDeniedException denied) {
        super(denied.getFile());
        initCause(denied);
    }
}
