package io.mirrorbootstrap.snapshot;

import java.time.Duration;
import java.util.Optional;

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
 *
 * A transfer under way that the disk fails is kept, too, where some of it was called durable.
 * Beside these, another snapshot may replace the transfer in any phase: from there to Announced, or to UnderWay. A phase
 * never changes; only the {@link Transfer} in it does.
 */
sealed interface Phase {

    /** The source that sends, or is about to. */
    default Optional<Source> owner() {
        return Optional.empty();
    }

    /** The snapshot that is under way, or waits for its source. */
    default Optional<SnapshotIdentity> identity() {
        return Optional.empty();
    }

    /** What the source that owns the transfer has said of it, if it has opened it. */
    default Optional<Announcement> announcement() {
        return Optional.empty();
    }

    /** The transfer that waits for its source, or is read back for it. */
    default Optional<KeptTransfer> kept() {
        return Optional.empty();
    }

    /** The transfer under way. */
    default Optional<Transfer> current() {
        return Optional.empty();
    }

    /** How much of the snapshot has been accepted, in bytes. */
    default long bytesDone() {
        return 0;
    }

    /** Whether the transfer under way is kept when its link drops. */
    default boolean isOpened() {
        return false;
    }

    /** How long ago the last chunk was accepted, or, where none has been, the transfer was begun or gone on with. */
    default Optional<Duration> sinceLastChunk() {
        return current().map(Transfer::sinceLastChunk);
    }

    /** Whether this phase may follow {@code before}. */
    boolean mayFollow(Phase before);

    /** Whether {@code source} sends, or is about to. */
    default boolean isOwnedBy(Source source) {
        return owner().filter(owner -> owner == source).isPresent();
    }

    /** Whether {@code transfer} is under way. */
    default boolean isOf(Transfer transfer) {
        return current().filter(current -> current == transfer).isPresent();
    }

    /**
     * The files of an earlier process are being read, to find out what they are: nothing else is done meanwhile.
     *
     * @param failed whether they could not be read at the last attempt
     */
    record Recovering(boolean failed) implements Phase {
        @Override
        public boolean mayFollow(Phase before) {
            return before instanceof Recovering;
        }
    }

    /** Nothing is under way. */
    record Idle() implements Phase {
        static final Idle IDLE = new Idle();

        @Override
        public boolean mayFollow(Phase before) {
            return true;
        }
    }

    /** A phase in which a source owns the transfer. */
    sealed interface Owned extends Phase {
        Source source();

        @Override
        default Optional<Source> owner() {
            return Optional.of(source());
        }
    }

    /** A phase of a transfer whose bytes are kept, and whose file nobody has open. */
    sealed interface OfKept extends Phase {
        KeptTransfer transfer();

        @Override
        default Optional<SnapshotIdentity> identity() {
            return Optional.of(transfer().identity());
        }

        @Override
        default Optional<KeptTransfer> kept() {
            return Optional.of(transfer());
        }

        @Override
        default long bytesDone() {
            return transfer().accepted().bytes();
        }
    }

    /**
     * A source has opened the transfer; no byte has come yet.
     *
     * @param sinceNanos when, by {@link System#nanoTime}
     */
    record Announced(Source source, Announcement snapshot, long sinceNanos) implements Owned {

        /** It has opened it just now. */
        Announced(Source source, Announcement snapshot) {
            this(source, snapshot, System.nanoTime());
        }

        @Override
        public Optional<Duration> sinceLastChunk() {
            return Optional.of(Duration.ofNanos(System.nanoTime() - sinceNanos));
        }

        @Override
        public Optional<SnapshotIdentity> identity() {
            return Optional.of(snapshot.identity());
        }

        @Override
        public Optional<Announcement> announcement() {
            return Optional.of(snapshot);
        }

        @Override
        public boolean mayFollow(Phase before) {
            return !(before instanceof Recovering);
        }
    }

    /**
     * A source is sending.
     *
     * @param isOpened whether the accepted bytes are kept when the link drops
     */
    record UnderWay(Source source, Transfer transfer, boolean isOpened) implements Owned {
        @Override
        public Optional<SnapshotIdentity> identity() {
            return Optional.of(transfer.identity());
        }

        @Override
        public Optional<Transfer> current() {
            return Optional.of(transfer);
        }

        @Override
        public Optional<Announcement> announcement() {
            return Optional.of(new Announcement(transfer.identity(), transfer.isMeant(), transfer.opened()))
                    .filter(any -> isOpened);
        }

        @Override
        public long bytesDone() {
            return transfer.bytesDone();
        }

        @Override
        public boolean mayFollow(Phase before) {
            return !(before instanceof Recovering);
        }
    }

    /** The link is gone, perhaps with the process that had it; the accepted bytes wait for the source to come back. */
    record Kept(KeptTransfer transfer) implements OfKept {

        /** An earlier process has left it. */
        static Kept found(Inventory.Resumable left) {
            return new Kept(KeptTransfer.left(left));
        }

        @Override
        public boolean mayFollow(Phase before) {
            return !(before instanceof Idle) && !(before instanceof Announced); // nothing has come there
        }
    }

    /** The source is back, but the bytes that are kept have to be read back before it goes on. */
    record Verifying(Source source, KeptTransfer transfer) implements Owned, OfKept {
        @Override
        public Optional<Announcement> announcement() {
            return Optional.of(new Announcement(transfer.identity(), transfer.isMeant(), transfer.accepted().notes()));
        }

        @Override
        public boolean mayFollow(Phase before) {
            return before.kept().isPresent();
        }
    }
}
