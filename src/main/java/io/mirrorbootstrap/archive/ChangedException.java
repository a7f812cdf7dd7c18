package io.mirrorbootstrap.archive;

import java.io.IOException;

/** What is packed is other than when it was listed: what was packed of it is no consistent copy. */
public final class ChangedException extends IOException {

    private static final long serialVersionUID = 1;

    /** @param change in what, as a clause that names the member */
    ChangedException(String change) {
        super(change);
    }
}
