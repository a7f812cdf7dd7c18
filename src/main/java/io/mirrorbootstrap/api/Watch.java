package io.mirrorbootstrap.api;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

import io.mirrorbootstrap.mirror.Change;
import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.smallrye.mutiny.subscription.Cancellable;

/**
 * What one watcher of the board is told: each row as it is, and then each change, four times a second: the first after a quiet time at
 * once, and of more than the board still has, each row that has changed as it is. A watcher that was behind for so long that it cannot be told
 * any more which rows are gone is at its end: it comes again, and is told what is there.
 * <p>
 * Nothing of rows or names is kept for it, only up to which change it has been told: rows that wait would be held for each watcher, with
 * all the texts of their sources. So however fast the rows change and however slowly the watcher reads, it costs nothing, misses no
 * last state, and nothing goes back or is told twice. Event loop only, but for {@link #changed} and {@link #cancel}.
 */
final class Watch implements Flow.Subscription {

    /** From the end of one look at what has changed to the next. */
    static final Duration PAUSE = Duration.ofMillis(250);

    /** A proxy in between cuts a connection that is silent for too long. */
    static final Duration LONGEST_SILENCE = Duration.ofSeconds(20);

    /** Behind so many others have the event loop, too. */
    private static final int ROWS_AT_ONCE = 16;

    /** What a watcher is told. */
    sealed interface Told {

        /** A row has changed, or is gone. */
        record News(Change change) implements Told {
        }

        /** All that was there when it began has been told. */
        record Complete() implements Told {
        }

        /** Nothing; but the service is there. */
        record StillHere() implements Told {
        }
    }

    /** The event loop of the watcher's connection. */
    interface Loop {

        /** Any thread. */
        void execute(Runnable action);

        /**
         * Runs {@code action} later. Event loop only.
         *
         * @return prevents it
         */
        Cancellable later(Duration wait, Runnable action);
    }

    private enum State {
        /** Nothing has changed; the next change is told at once. */
        RESTING,
        /** Rows are being told, or the pause behind them lasts. */
        AWAKE,
        OVER
    }

    private static final Cancellable NOTHING = () -> {
    };

    private final StatusBoard board;
    private final Predicate<DatabaseId> isWanted;
    private final Loop loop;
    private final Duration silence;
    private final OptionalLong lastHeard;
    private final Flow.Subscriber<? super Told> watcher;

    private final AtomicReference<State> state = new AtomicReference<>(State.AWAKE);

    // event loop only
    /** The change of the last row that has been told, or was not wanted. */
    private volatile long toldUpTo; // written by the event loop only
    /** The last change when it began: what was past by then is not told. */
    private long begunAt;
    /** Which rows have gone since this change is told. */
    private long goneSince;
    /** The last change when it was last looked: what changes later is told behind the next pause, and not more often. */
    private long lookedAt;
    private long asked;
    private boolean owesComplete = true;
    private boolean isComplete;
    private boolean owesSignOfLife = true; // the first at once, so that the watcher knows that it watches
    private boolean isTelling;
    private boolean isPausing;
    private Cancellable watching = NOTHING;
    private Cancellable pause = NOTHING;
    private Cancellable signOfLife = NOTHING;

    /**
     * @param silence from one sign of life to the next
     * @param lastHeard the last change that the watcher has heard of, if it has watched before: which rows have gone since is told, too
     */
    Watch(StatusBoard board, Predicate<DatabaseId> isWanted, Loop loop, Duration silence, OptionalLong lastHeard,
            Flow.Subscriber<? super Told> watcher) {
        this.board = board;
        this.lastHeard = lastHeard;
        this.isWanted = isWanted;
        this.loop = loop;
        this.silence = silence;
        this.watcher = watcher;
    }

    /**
     * How long a watcher may hear nothing where this service cuts a connection that is silent for {@code idleTimeout}; 0: never.
     */
    static Duration silence(Duration idleTimeout) {
        Duration third = idleTimeout.dividedBy(3);
        if (idleTimeout.isZero() || third.compareTo(LONGEST_SILENCE) > 0) {
            return LONGEST_SILENCE;
        }
        return third.compareTo(PAUSE) < 0 ? PAUSE : third;
    }

    /** Begins; nothing is told before it is asked for. */
    void start() {
        watching = board.watch(this::changed); // first: no change is missed
        begunAt = board.lastChange();
        lookedAt = begunAt;
        goneSince = lastHeard.orElse(begunAt);
        if (goneSince > begunAt || goneSince < board.goneForgottenUpTo()) {
            goneSince = begunAt; // it cannot be told: what is there has to do
        }
        signOfLife = loop.later(silence, this::oweSignOfLife);
        watcher.onSubscribe(this);
    }

    /** Any thread. What it does not want it passes over in time, too: it would be behind when that is forgotten. */
    private void changed(Change change) {
        if (isWanted.test(change.database()) || change.change() - toldUpTo > StatusBoard.MAX_GONE / 2) {
            wake();
        }
    }

    private void wake() {
        if (state.compareAndSet(State.RESTING, State.AWAKE)) {
            loop.execute(this::look);
        }
    }

    private void look() {
        lookedAt = board.lastChange();
        tell();
    }

    @Override
    public void request(long items) {
        asked = asked + items < 0 ? Long.MAX_VALUE : asked + items;
        tell();
    }

    private void tell() {
        if (isTelling || isOver()) {
            return; // it is asked for more while it tells
        }
        isTelling = true;
        int told = 0;
        Optional<Told> next = due();
        while (asked > 0 && told < ROWS_AT_ONCE && !isOver() && next.isPresent()) {
            told++;
            asked--;
            took(next.get());
            watcher.onNext(next.get());
            next = due();
        }
        isTelling = false;
        if (isBehind()) {
            end();
        } else if (hasToldAll()) {
            pause();
        } else if (asked > 0) {
            loop.execute(this::tell);
        }
    }

    private Optional<Told> due() {
        if (owesSignOfLife) {
            return Optional.of(new Told.StillHere());
        }
        Optional<Change> next = next();
        if (!owesComplete) {
            return next.filter(this::hadChanged).map(Told.News::new);
        }
        isComplete |= next.isEmpty() && !isBehind(); // for an instant: each row that is there has been told, however fast some change
        return isComplete ? Optional.of(new Told.Complete()) : next.map(Told.News::new);
    }

    private void took(Told told) {
        if (told instanceof Told.News news) {
            toldUpTo = news.change().change();
        } else if (told instanceof Told.Complete) {
            owesComplete = false;
        } else {
            owesSignOfLife = false;
        }
    }

    private boolean hasToldAll() {
        return !owesComplete && next().filter(this::hadChanged).isEmpty();
    }

    private boolean hadChanged(Change change) {
        return change.change() <= lookedAt;
    }

    /** The next change to be told, now or behind the next pause; none, too, where it is behind. */
    private Optional<Change> next() {
        Optional<Change> next = board.after(toldUpTo);
        while (next.filter(change -> !isToBeTold(change)).isPresent() && !isBehind()) {
            toldUpTo = next.get().change();
            next = board.after(toldUpTo);
        }
        return isBehind() ? Optional.empty() : next;
    }

    private boolean isToBeTold(Change change) {
        return isWanted.test(change.database()) && (change instanceof Mirror row
                ? row.change() > begunAt || board.isThere(row)
                : change.change() > goneSince);
    }

    /** Asked behind each look at the board, so that nothing is missed that the board has forgotten meanwhile. */
    private boolean isBehind() {
        return board.goneForgottenUpTo() > Math.max(toldUpTo, goneSince);
    }

    private void end() {
        if (!isOver()) {
            cancel();
            watcher.onComplete();
        }
    }

    private void pause() {
        if (!isPausing && state.get() == State.AWAKE) {
            isPausing = true;
            pause = loop.later(PAUSE, () -> {
                isPausing = false;
                if (hasToldAll()) { // else the next pause is behind the rest
                    rest();
                }
            });
        }
    }

    private void rest() {
        if (next().isEmpty() && state.compareAndSet(State.AWAKE, State.RESTING)) {
            if (next().isPresent()) { // it came before it was seen that a call is needed
                wake();
            }
        } else if (!isOver()) {
            look();
        }
    }

    private void oweSignOfLife() {
        signOfLife = loop.later(silence, this::oweSignOfLife);
        owesSignOfLife = true;
        tell();
    }

    private boolean isOver() {
        return state.get() == State.OVER;
    }

    /** The watcher is gone. Any thread. */
    @Override
    public void cancel() {
        if (state.getAndSet(State.OVER) != State.OVER) {
            loop.execute(() -> {
                watching.cancel();
                pause.cancel();
                signOfLife.cancel();
            });
        }
    }
}
