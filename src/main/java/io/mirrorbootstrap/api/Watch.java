package io.mirrorbootstrap.api;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.smallrye.mutiny.subscription.Cancellable;

/**
 * What one watcher of the board is told: each row as it is, and then each change, ten times a second: the first after a quiet time at
 * once, and of more than the board still has, each row that has changed as it is.
 * <p>
 * Nothing of rows or names is kept for it, only up to which change it has been told: rows that wait would be held for each watcher, with
 * all the texts of their sources. So however fast the rows change and however slowly the watcher reads, it costs nothing, misses no
 * last state, and nothing goes back or is told twice. Event loop only, but for {@link #changed} and {@link #cancel}.
 */
final class Watch implements Flow.Subscription {

    /** From the end of one look at what has changed to the next. */
    static final Duration PAUSE = Duration.ofMillis(100);

    /** A proxy in between cuts a connection that is silent for too long. */
    static final Duration LONGEST_SILENCE = Duration.ofSeconds(20);

    /** Behind so many others have the event loop, too. */
    private static final int ROWS_AT_ONCE = 16;

    /** What a watcher is told. */
    sealed interface Told {

        /** A row has changed. */
        record Row(Mirror row) implements Told {
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
    private final Flow.Subscriber<? super Told> watcher;

    private final AtomicReference<State> state = new AtomicReference<>(State.AWAKE);

    // event loop only
    /** The change of the last row that has been told, or was not wanted. */
    private long toldUpTo;
    /** The last change when it began: what was past by then is not told. */
    private long begunAt;
    /** The last change when it was last looked: what changes later is told behind the next pause, and not more often. */
    private long lookedAt;
    private long asked;
    private boolean owesSignOfLife = true; // the first at once, so that the watcher knows that it watches
    private boolean isTelling;
    private boolean isPausing;
    private Cancellable watching = NOTHING;
    private Cancellable pause = NOTHING;
    private Cancellable signOfLife = NOTHING;

    /** @param silence from one sign of life to the next */
    Watch(StatusBoard board, Predicate<DatabaseId> isWanted, Loop loop, Duration silence,
            Flow.Subscriber<? super Told> watcher) {
        this.board = board;
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
        signOfLife = loop.later(silence, this::oweSignOfLife);
        watcher.onSubscribe(this);
    }

    /** The board has {@code row} now. Any thread. */
    private void changed(Mirror row) {
        if (isWanted.test(row.database())) {
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
        if (hasToldAll()) {
            pause();
        } else if (asked > 0) {
            loop.execute(this::tell);
        }
    }

    private Optional<Told> due() {
        return owesSignOfLife
                ? Optional.of(new Told.StillHere())
                : next().filter(this::hadChanged).map(Told.Row::new);
    }

    private void took(Told told) {
        if (told instanceof Told.Row row) {
            toldUpTo = row.row().change();
        } else {
            owesSignOfLife = false;
        }
    }

    private boolean hasToldAll() {
        return next().filter(this::hadChanged).isEmpty();
    }

    private boolean hadChanged(Mirror row) {
        return row.change() <= lookedAt;
    }

    /** The next row to be told, now or behind the next pause. */
    private Optional<Mirror> next() {
        Optional<Mirror> next = board.after(toldUpTo);
        while (next.filter(row -> !isToBeTold(row)).isPresent()) {
            toldUpTo = next.get().change();
            next = board.after(toldUpTo);
        }
        return next;
    }

    private boolean isToBeTold(Mirror row) {
        return isWanted.test(row.database()) && (row.change() > begunAt || board.isThere(row));
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
