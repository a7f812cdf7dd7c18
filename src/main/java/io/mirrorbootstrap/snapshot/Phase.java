package io.mirrorbootstrap.snapshot;

/**
 * Where a database's transfer stands.
 *
 * <pre>
 *              open                     chunk at 0
 *   Idle ────────────────▶ Announced ───────────────▶ UnderWay ──── link drops, opened ───▶ Detached
 *    │                         │                       ▲  ▲ │                                  │
 *    │        chunk at 0       │ link drops, abort     │  │ │ committed, failed, aborted,      │
 *    ├─────────────────────────┼───────────────────────┘  │ │ link drops and was not opened    │
 *    │                         │                          └─┼── open, or the next chunk ───────┤
 *    ◀─────────────────────────┴────────────────────────────┴─────────── abort ────────────────┘
 *
 *   Stored ──── open, or the next chunk: verified ───▶ Detached
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

    /** An earlier process received it; what was durable waits on disk, unverified, for the source to come back. */
    record Stored(Checkpoint checkpoint) implements Phase {
    }

    /** The link is gone; what has come waits for the source to come back. */
    record Detached(Transfer transfer) implements Phase {
    }
}
