package io.mirrorbootstrap.api;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.smallrye.mutiny.subscription.Cancellable;

/**
 * What one watcher of the board is told: each row as it is, and then each change, ten times a second: the first after a quiet time at
 * once, and of more than a few the newest row of each database that has changed.
 * <p>
 * Of what has changed a few rows wait, and beyond them names, at most about as many as there are rows; the row of a name is looked up
 * when it is sent. So however fast the rows change and however slowly the watcher reads, it costs little, misses no last state, and
 * nothing goes back or is told twice. Event loop only, but for {@link #changed} and {@link #cancel}.
 */
final class Watch implements Flow.Subscription {

    /** From the end of one look at what has changed to the next. */
    static final Duration PAUSE = Duration.ofMillis(100);

    /** A proxy in between cuts a connection that is silent for too long. */
    static final Duration LONGEST_SILENCE = Duration.ofSeconds(20);

    /** Names of databases that come and go for years must not fill the memory. */
    private static final int MANY_NAMES = 2 * StatusBoard.MAX_ROWS;

    /** So many changes may wait each as it was; then others have the event loop, too. */
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
    /** The first changes since the last look. Any thread. */
    private final BlockingQueue<Mirror> first = new ArrayBlockingQueue<>(ROWS_AT_ONCE);
    /** Which databases have changed after these. Any thread. */
    private final Set<DatabaseId> changed = ConcurrentHashMap.newKeySet();

    // event loop only
    private final Queue<Mirror> rows = new ArrayDeque<>();
    private final Queue<DatabaseId> toTell = new ArrayDeque<>();
    /** The change of the last row of each database that has been told. */
    private final Map<DatabaseId, Long> lastTold = new HashMap<>();
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
        board.mirrors().stream().map(Mirror::database).filter(isWanted).forEach(toTell::add);
        signOfLife = loop.later(silence, this::oweSignOfLife);
        watcher.onSubscribe(this);
    }

    /** The board has {@code row} now. Any thread. */
    private void changed(Mirror row) {
        if (isWanted.test(row.database()) && !isOver()) {
            if (!first.offer(row)) {
                changed.add(row.database());
                if (changed.size() > MANY_NAMES) {
                    changed.removeIf(name -> board.mirror(name).isEmpty());
                }
            }
            wake();
        }
    }

    private void wake() {
        if (state.compareAndSet(State.RESTING, State.AWAKE)) {
            loop.execute(this::look);
        }
    }

    private void look() {
        assert rows.isEmpty() && toTell.isEmpty() : toTell;
        first.drainTo(rows);
        changed.removeIf(toTell::add); // before its row is looked up: a later change is looked at again
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
        while (asked > 0 && told < ROWS_AT_ONCE && !isOver() && (owesSignOfLife || !hasToldAll())) {
            if (owesSignOfLife) {
                owesSignOfLife = false;
                tell(new Told.StillHere());
            } else {
                told++;
                Optional.ofNullable(rows.poll()).or(() -> board.mirror(toTell.remove())).ifPresent(this::tellIfNewer);
            }
        }
        isTelling = false;
        if (hasToldAll()) {
            pause();
        } else if (asked > 0) {
            loop.execute(this::tell);
        }
    }

    private boolean hasToldAll() {
        return rows.isEmpty() && toTell.isEmpty();
    }

    private void tell(Told next) {
        asked--;
        watcher.onNext(next);
    }

    private void tellIfNewer(Mirror row) {
        if (row.change() > lastTold.getOrDefault(row.database(), Long.MIN_VALUE)) {
            lastTold.put(row.database(), row.change());
            if (lastTold.size() > MANY_NAMES) {
                lastTold.keySet().removeIf(name -> board.mirror(name).isEmpty());
            }
            tell(new Told.Row(row));
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
        if (!isAnyChanged() && state.compareAndSet(State.AWAKE, State.RESTING)) {
            if (isAnyChanged()) { // it came before it was seen that a call is needed
                wake();
            }
        } else if (!isOver()) {
            look();
        }
    }

    private boolean isAnyChanged() {
        return !first.isEmpty() || !changed.isEmpty();
    }

    private void oweSignOfLife() {
        signOfLife = loop.later(silence, this::oweSignOfLife);
        owesSignOfLife = true;
        tell();
    }

    /** How many names wait. */
    int names() {
        return changed.size() + toTell.size();
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
                toTell.clear();
                changed.clear();
                rows.clear();
                first.clear();
            });
        }
    }
}
