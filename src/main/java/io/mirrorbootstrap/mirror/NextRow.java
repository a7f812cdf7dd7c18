package io.mirrorbootstrap.mirror;

import java.time.Instant;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

import io.mirrorbootstrap.mirror.MirrorState.Bootstrapping;
import io.mirrorbootstrap.mirror.MirrorState.Disconnected;
import io.mirrorbootstrap.mirror.MirrorState.Failed;
import io.mirrorbootstrap.mirror.MirrorState.Following;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;

/**
 * What an event makes of a row of the status board.
 *
 * @param changes the number of the next change
 */
record NextRow(LongSupplier changes) {

    /** Whether the row may make room for another: nothing of its database is here. */
    static boolean isForgettable(Mirror mirror) {
        return mirror.committed().isEmpty() && hasEnded(mirror.state());
    }

    /** Whether it tells of a transfer of which nothing is here any more. */
    private static boolean hasEnded(MirrorState state) {
        return state instanceof Failed || state instanceof Disconnected disconnected && disconnected.bytesKept() == 0;
    }

    /** The row after an event; null when the database has no row then. */
    Mirror after(TransferEvent event, Optional<Mirror> before) {
        Mirror next = next(event, before);
        boolean isAnother = next != null && next != before.orElse(null);
        return isAnother ? next.from(address(event, before)) : next;
    }

    private static Optional<String> address(TransferEvent event, Optional<Mirror> before) {
        return event instanceof TransferEvent.Began began
                ? Optional.of(began.address())
                : before.flatMap(Mirror::sourceAddress);
    }

    private Mirror next(TransferEvent event, Optional<Mirror> before) {
        Optional<Following> committed = before.flatMap(Mirror::committed);
        Optional<Mirror.LastError> lastError = before.flatMap(Mirror::lastError);
        if (event instanceof TransferEvent.Began began) {
            return row(event, new Bootstrapping(began.identity(), began.bytesDone(), began.durableBytes(),
                    Rate.startingAt(began.bytesDone())), committed, lastError);
        } else if (event instanceof TransferEvent.Progressed progressed) {
            Rate rate = before.map(Mirror::state).filter(Bootstrapping.class::isInstance)
                    .map(state -> ((Bootstrapping) state).rate().sample(progressed.bytesDone()))
                    .orElseGet(() -> Rate.startingAt(progressed.bytesDone()));
            return row(event, new Bootstrapping(progressed.identity(), progressed.bytesDone(),
                    progressed.durableBytes(), rate), committed, lastError);
        } else if (event instanceof TransferEvent.Found found) {
            Following following = new Following(found.snapshot(), found.path());
            return new Mirror(event.database(), following, Optional.of(following), found.snapshot().committedAt(),
                    changes.getAsLong(), Optional.empty(), Optional.empty());
        } else if (event instanceof TransferEvent.FoundAgain back) {
            Following following = new Following(back.snapshot(), back.path());
            MirrorState state = before.map(Mirror::state)
                    .filter(now -> !(now instanceof Following) && !hasEnded(now)).orElse(following);
            return row(event, state, Optional.of(following), lastError);
        } else if (event instanceof TransferEvent.Noted noted) {
            Following following = new Following(noted.snapshot(), noted.path());
            return before.map(mirror -> row(event, mirror.state() instanceof Following ? following : mirror.state(),
                    Optional.of(following), lastError)).orElse(null);
        } else if (event instanceof TransferEvent.Committed done) {
            Following following = new Following(done.snapshot(), done.path());
            return row(event, following, Optional.of(following), Optional.empty());
        } else if (event instanceof TransferEvent.Failed failed) {
            return row(event, new Failed(failed.identity(), failed.bytesDone()),
                    committed.filter(earlier -> failed.remains() == Remains.NOTHING), error(failed.refusal()));
        } else if (event instanceof TransferEvent.Kept gone) {
            return row(event, new Disconnected(gone.identity(), gone.bytesKept(), gone.durableBytes()), committed,
                    lastError);
        } else if (event instanceof TransferEvent.Dropped dropped) {
            return dropped(dropped, before.orElse(null), committed, lastError);
        } else if (event instanceof TransferEvent.NoneToAbort none) {
            boolean isForgotten = before.map(Mirror::state)
                    .filter(state -> hasEnded(state) && mayReplace(state, none.who())).isPresent();
            return isForgotten ? withoutTransfer(event, committed, lastError) : before.orElse(null);
        } else if (event instanceof TransferEvent.Removed || event instanceof TransferEvent.Lost) {
            return before.filter(mirror -> !(mirror.state() instanceof Following))
                    .map(mirror -> row(event, mirror.state(), Optional.empty(), lastError)).orElse(null);
        }
        if (!(event instanceof TransferEvent.Refused refused)) {
            return before.orElse(null); // a transfer that is read back stays disconnected meanwhile: no payload arrives
        }
        if (refused.refusal() instanceof Refusal.AboutCaller
                || before.filter(mirror -> !mayWriteTo(mirror, refused.who())).isPresent()) {
            return before.orElse(null); // else one caller would write into the rows of another
        }
        // a refusal alone makes no row: a source could fill the board with names
        return before.map(mirror -> row(event, mirror.state(), committed, error(refused.refusal()))).orElse(null);
    }

    /** Whether a row is nobody's or the caller's own: a refusal may be of a message that came before what the row tells of. */
    private static boolean mayWriteTo(Mirror row, Principal who) {
        return Stream.concat(Stream.of(row.state()), row.committed().stream())
                .allMatch(state -> mayReplace(state, who));
    }

    private static boolean mayReplace(MirrorState state, Principal who) {
        return who.mayReplace(state.sourceClusterId(), state.owner());
    }

    private Mirror dropped(TransferEvent.Dropped dropped, Mirror before, Optional<Following> committed,
            Optional<Mirror.LastError> lastError) {
        if (dropped.reason() == DropReason.REPLACED) {
            return before; // the successor begins at once
        }
        return committed.isPresent() || dropped.reason() == DropReason.ABORTED
                ? withoutTransfer(dropped, committed, lastError)
                : row(dropped, new Disconnected(dropped.identity(), 0, 0), committed, lastError);
    }

    /** The row of a mirror that has its snapshot, or nothing. */
    private Mirror withoutTransfer(TransferEvent event, Optional<Following> committed,
            Optional<Mirror.LastError> lastError) {
        return committed.map(snapshot -> row(event, snapshot, committed, lastError)).orElse(null);
    }

    private static Optional<Mirror.LastError> error(Refusal refusal) {
        return Optional.of(new Mirror.LastError(refusal, Instant.now()));
    }

    private Mirror row(TransferEvent event, MirrorState state, Optional<Following> committed,
            Optional<Mirror.LastError> lastError) {
        return new Mirror(event.database(), state, committed, Instant.now(), changes.getAsLong(), lastError,
                Optional.empty());
    }
}
