package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ToldApart;

/** Workers that are turned by hand: what was handed to them is what runs. */
class TurnsTest {

    private static final int SHARE = 2;
    private static final int ALONE = 4 * SHARE;

    private final Deque<Runnable> handedOut = new ArrayDeque<>();
    private final List<String> ran = new ArrayList<>();
    private boolean isOver;
    private Runnable whenRefusing = () -> {
    };
    private final Turns turns = turns(1);
    private final Executor a = turns.of(caller("a")).jobs();
    private final Executor b = turns.of(caller("b")).jobs();
    private final Executor c = turns.of(caller("c")).jobs();

    private Turns turns(int processors) {
        return new Turns(job -> {
            if (isOver) {
                whenRefusing.run();
                throw new RejectedExecutionException("over");
            }
            handedOut.add(job);
        }, processors, () -> ToldApart.BY_TOKEN);
    }

    @Test
    void howeverManyProcessorsThereAreWorkersAreLeftToOthers() {
        Turns many = turns(64);
        submit(many.of(caller("a")).jobs(), "a", 48);
        assertEquals(24, handedOut.size());
        submit(many.of(caller("b")).jobs(), "b", 48);
        assertEquals(24 + 12, handedOut.size());
    }

    @Test
    void sessionsAreDecryptedInTurns() {
        Turns many = turns(64);
        DecryptionTurn one = many.decrypting(caller("a"));
        DecryptionTurn other = many.decrypting(caller("b"));
        assertSame(one.ofCaller(), many.decrypting(caller("a")).ofCaller());
        assertNotSame(one.ofCaller(), other.ofCaller());
        assertSame(one.ofAll(), other.ofAll());
        assertEquals(List.of(2, 8), List.of(one.ofCaller().availablePermits(), one.ofAll().availablePermits()));
        assertEquals(7, one.take(() -> 10 * one.ofCaller().availablePermits() + one.ofAll().availablePermits() - 10));
        assertEquals(List.of(2, 8), List.of(one.ofCaller().availablePermits(), one.ofAll().availablePermits()));
        assertEquals(1, turns.decrypting(caller("a")).ofCaller().availablePermits(),
                "half of the processors, one at least");
    }

    @Test
    void aCallerThatIsAloneHasFourShares() {
        submit(a, "a", 40);
        assertEquals(ALONE, handedOut.size());
        turn(40);
        assertEquals(40, ran.size());
        submit(b, "b", 40);
        assertEquals(ALONE, handedOut.size());
    }

    @Test
    void aNewcomerIsServedAtOnceAndTheOtherKeepsItsShareOnly() {
        submit(a, "a", 5);
        submit(b, "b", 1);
        submit(a, "a again", 5);
        assertEquals(6, handedOut.size());
        turn(4); // four of a's: one is running
        assertEquals(3, handedOut.size(), "a's fifth, b's, and one of a's new");
        submit(b, "b again", 3);
        assertEquals(4, handedOut.size());
        turn(2);
        assertEquals(List.of("a", "a", "a", "a", "a", "b"), ran);
        turn(100);
        assertEquals(14, ran.size());
    }

    @Test
    void whenTheOthersHaveNothingToDoAllThatWaitsRuns() {
        submit(b, "b", 1);
        submit(a, "a", 10);
        assertEquals(1 + SHARE, handedOut.size());
        turn(1);
        assertEquals(List.of("b"), ran);
        assertEquals(ALONE, handedOut.size());
    }

    @Test
    void eachOfManyHasItsShare() {
        submit(a, "a", ALONE);
        submit(b, "b", 9);
        submit(c, "c", 9);
        turn(ALONE); // what a had begun alone
        assertEquals(List.of("a"), ran.stream().distinct().toList());
        ran.clear();
        turn(4 * SHARE);
        assertEquals(2 * SHARE, ran.stream().filter("b"::equals).count(), ran.toString());
        assertEquals(2 * SHARE, ran.stream().filter("c"::equals).count(), ran.toString());
        turn(100);
        assertEquals(18, ran.size());
    }

    @Test
    void whatWaitsForTheDiskTakesNoTurn() {
        submit(b, "b", 1);
        submit(turns.of(caller("a")).asides(), "aside", 8);
        submit(a, "a", 5);
        assertEquals(1 + 8 + SHARE, handedOut.size());
    }

    @Test
    void aJobThatFailsGivesItsPlaceBack() {
        submit(b, "b", 1);
        Executor failing = a;
        for (int i = 0; i < SHARE; i++) {
            failing.execute(() -> {
                throw new IllegalStateException("it fails");
            });
        }
        submit(a, "a", 2);
        turn(1);
        for (int i = 0; i < SHARE; i++) {
            assertThrows(IllegalStateException.class, () -> turn(1));
        }
        turn(2);
        assertEquals(List.of("b", "a", "a"), ran);
    }

    @Test
    void whoIsNotToldApartIsOneCaller() {
        submit(turns.of(Principal.ANYBODY).jobs(), "anybody", SHARE + 1);
        submit(turns.of(Principal.ANYBODY).jobs(), "anybody", SHARE + 1);
        assertEquals(2 * SHARE + 2, handedOut.size());
    }

    @Test
    void whatWaitedRunsOnTheLastWorkerWhereThereIsNoOther() {
        submit(b, "b", 1);
        submit(a, "a", 5);
        submit(c, "c", 3);
        isOver = true; // no thread can be made any more
        turn(100);
        assertEquals(9, ran.size(), ran.toString());
        isOver = false;
        submit(a, "alone again", ALONE);
        assertEquals(ALONE, handedOut.size());
    }

    @Test
    void whereThereIsNoWorkerTheCallerIsToldAndNothingIsHeld() {
        isOver = true;
        assertThrows(RejectedExecutionException.class, () -> submit(a, "a", 1));
        isOver = false;
        submit(b, "b", ALONE);
        assertEquals(ALONE, handedOut.size());
    }

    @Test
    void whereThereIsNoWorkerTheThreadOfTheCallerRunsNothing() {
        submit(a, "a", SHARE);
        whenRefusing = () -> submit(a, "a again", 3); // as another event loop may; they wait, as c has something to do
        isOver = true;
        assertThrows(RejectedExecutionException.class, () -> submit(c, "c", 1));
        assertEquals(List.of(), ran, "it may be an event loop");
        whenRefusing = () -> {
        };
        turn(1);
        assertEquals(List.of("a", "a again", "a again", "a again"), ran, "a worker that is there runs them");
        isOver = false;
        turn(1);
        submit(c, "c", 1);
        submit(a, "a", 5);
        assertEquals(1 + SHARE, handedOut.size());
    }

    @Test
    void aJobThatFailsOnTheLastWorkerKeepsNoOtherFromIt() {
        submit(b, "b", 1);
        submit(a, "a", SHARE);
        a.execute(() -> {
            throw new IllegalStateException("it fails");
        });
        submit(a, "a again", 1);
        isOver = true;
        assertThrows(IllegalStateException.class, () -> turn(1));
        assertEquals(List.of("b", "a again"), ran);
    }

    private void submit(Executor executor, String name, int times) {
        for (int i = 0; i < times; i++) {
            executor.execute(() -> ran.add(name));
        }
    }

    private void turn(int jobs) {
        for (int i = 0; i < jobs && !handedOut.isEmpty(); i++) {
            handedOut.remove().run();
        }
    }

    private static Principal caller(String id) {
        return new Principal(CallerId.ofToken(id), Optional.empty(), Optional.empty(), false, Optional.empty());
    }
}
