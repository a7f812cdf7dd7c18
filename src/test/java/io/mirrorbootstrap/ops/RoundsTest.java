package io.mirrorbootstrap.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;

/** When rounds are made, and that nothing but the end of the process ends them: workers and the timer are turned by hand. */
class RoundsTest {

    private final Queue<Runnable> workers = new ArrayDeque<>();
    private boolean hasThreads = true;
    private Runnable tick;
    private boolean isCancelled;
    private int made;
    private Runnable work = () -> made++;
    private final Rounds rounds = new Rounds("x is not done", () -> work.run(), offered -> {
        if (!hasThreads) {
            throw new RejectedExecutionException("no thread");
        }
        workers.add(offered);
    }, (period, action) -> {
        assertEquals(Duration.ofSeconds(5), period);
        tick = action;
        return () -> isCancelled = true;
    });

    private void begin() {
        rounds.begin(Duration.ofSeconds(5));
    }

    private void turn() {
        workers.remove().run();
    }

    @Test
    void theFirstIsAtOnceAndTheNextAtTheNextTick() {
        begin();
        turn();
        assertEquals(1, made);
        assertTrue(workers.isEmpty());
        tick.run();
        turn();
        assertEquals(2, made);
    }

    @Test
    void whatIsDueWhileOneIsUnderWayIsLeftOut() {
        begin();
        tick.run();
        tick.run();
        assertEquals(1, workers.size());
        turn();
        tick.run();
        assertEquals(1, workers.size());
    }

    @Test
    void aTimeWithoutThreadsIsToldOnceAndEndsNothing() {
        try (LoggedLines log = new LoggedLines(Rounds.class.getName())) {
            hasThreads = false;
            begin();
            tick.run();
            assertEquals(List.of("x is not done, until there is a thread for it: "
                    + "java.util.concurrent.RejectedExecutionException: no thread"), log.all());
            hasThreads = true;
            tick.run();
            turn();
            assertEquals(1, made);
            hasThreads = false;
            tick.run();
            tick.run();
            assertEquals(2, log.all().size(), "that is another time");
        }
    }

    @Test
    void whatARoundThrowsIsToldAndEndsNothing() {
        try (LoggedLines log = new LoggedLines(Rounds.class.getName())) {
            work = () -> {
                throw new AssertionError("as if it were wrong");
            };
            begin();
            turn();
            tick.run();
            turn();
            assertEquals(2, log.with("x is not done, until the next round"));
            work = () -> made++;
            tick.run();
            turn();
            assertEquals(1, made);
        }
    }

    @Test
    void afterTheEndNoneBegins() {
        begin();
        assertFalse(isCancelled);
        rounds.end();
        assertTrue(isCancelled);
        turn();
        assertEquals(0, made);
    }
}
