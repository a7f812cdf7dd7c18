package io.mirrorbootstrap.link;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.wire.Control;

/** What a message waits for the disk to do. */
sealed interface DiskWait {

    record Opening(Control.Open open) implements DiskWait {
    }

    record Aborting(DatabaseId database) implements DiskWait {
    }

    /** A whole chunk that may not be written yet: its payload is put aside. */
    record Starting() implements DiskWait {
    }

    /** A whole chunk whose payload is put aside compressed, while others decode theirs. */
    record Decoding() implements DiskWait {
    }

    /**
     * A whole chunk whose payload is written.
     *
     * @param mayTakeLong whether it is likely to wait for long
     */
    record Finishing(boolean mayTakeLong) implements DiskWait {
    }
}
