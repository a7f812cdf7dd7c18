package io.mirrorbootstrap.link;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.DatabaseId;

/** What a message waits for the disk to do. */
sealed interface DiskWait {

    record Opening(Announcement snapshot) implements DiskWait {
    }

    record Aborting(DatabaseId database) implements DiskWait {
    }

    /** A whole chunk that may not be written yet: its payload is put aside. */
    record Starting() implements DiskWait {
    }

    /**
     * A whole chunk whose payload is written.
     *
     * @param mayTakeLong whether it is likely to wait for long
     */
    record Finishing(boolean mayTakeLong) implements DiskWait {
    }
}
