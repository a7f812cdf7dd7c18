package io.mirrorbootstrap.snapshot;

import java.time.Duration;

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

    /**
     * What an earlier process left is being read, to find out what it is: nothing else is done meanwhile.
     *
     * @param failed whether it could not be read when that was last tried
     */
    record Recovering(boolean failed) implements Phase {
    }

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

    /**
     * The link is gone, perhaps with the process that had it; what has come waits for the source to come back.
     *
     * @param sinceNanos since when in this process, by {@link System#nanoTime}
     * @param before how long it waited before, as far as the wall clock of then and now can be believed
     */
    record Kept(KeptTransfer transfer, long sinceNanos, Duration before) implements Phase {
    }

    /** The source is back, but what an earlier process left has to be read back before it goes on. */
    record Verifying(Source source, KeptTransfer transfer) implements Phase {
    }
}
