package io.mirrorbootstrap.snapshot;

/**
 * Where a database's transfer stands.
 *
 * <pre>
 *              open                     chunk at 0
 *   Idle ────────────────▶ Announced ───────────────▶ UnderWay ──── link drops, opened ───▶ Kept ◀── an earlier process
 *    │                         │                       ▲  ▲ │                                │ ▲
 *    │        chunk at 0       │ link drops, abort     │  │ │ committed, failed, aborted,    │ │
 *    ├─────────────────────────┼───────────────────────┘  │ │ link drops and was not opened  │ │
 *    │                         │                          │ │                                │ │
 *    │                         │                          └─┼── open, or the next chunk ─────┤ │ link drops
 *    │                         │                          │ │        not read back yet:      │ │
 *    │                         │                          └─┼──────────── Verifying ◀────────┤ │
 *    │                         │                            │                 └──────────────┼─┘
 *    ◀─────────────────────────┴────────────────────────────┴───── abort, damaged ───────────┘
 * </pre>
 */
sealed interface Phase {

    /** Nothing is under way. */
    record Idle() implements Phase {
        static final Idle IDLE = new Idle();
    }

    /** A source has opened the transfer; no byte has come yet. */
    record Announced(Source source, SnapshotIdentity identity) implements Phase {
    }

    /**
     * A source is sending.
     *
     * @param opened whether what has come is kept when the link drops
     */
    record UnderWay(Source source, Transfer transfer, boolean opened) implements Phase {
    }

    /** The link is gone, perhaps with the process that had it; what has come waits for the source to come back. */
    record Kept(KeptTransfer transfer) implements Phase {
    }

    /** The source is back, but what an earlier process left has to be read back before it goes on. */
    record Verifying(Source source, KeptTransfer transfer) implements Phase {
    }
}
