package io.mirrorbootstrap.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.mirror.StatusBoard;

/** A watcher whose event loop and timers are turned by hand. */
class WatchTest extends HandTurnedWatch {

    @Test
    void theRowsAreToldAsTheyAreAndThenTheFirstChangeAtOnce() {
        changed("a", 1);
        changed("b", 2);
        watch(Long.MAX_VALUE);
        assertEquals(List.of("still here", "a 1", "b 2"), heard);
        assertEquals(3, completeBehind);
        passTime();
        changed("a", 3);
        turn();
        assertEquals(List.of("still here", "a 1", "b 2", "a 3"), heard);
    }

    @Test
    void ofManyChangesTheLastIsToldWhenThePauseIsOver() {
        watch(Long.MAX_VALUE);
        passTime();
        changed("a", 1);
        turn();
        for (int i = 2; i <= 5000; i++) {
            changed("a", i);
            changed("b", i);
        }
        assertTrue(loop.isEmpty(), "nothing is queued for a change");
        assertEquals(List.of("still here", "a 1"), heard);
        passTime();
        assertEquals(2 + StatusBoard.MAX_PAST + 2, heard.size());
        assertEquals(List.of("a 5000", "b 5000"), heard.subList(2 + StatusBoard.MAX_PAST, heard.size()));
        passTime();
        passTime();
        assertEquals(2 + StatusBoard.MAX_PAST + 2, heard.size(), "nothing is told twice");
    }

    @Test
    void ofFewChangesEachIsTold() {
        watch(Long.MAX_VALUE);
        passTime();
        for (int i = 1; i <= 5; i++) {
            changed("a", i);
        }
        turn();
        passTime();
        assertEquals(List.of("still here", "a 1", "a 2", "a 3", "a 4", "a 5"), heard);
    }

    @Test
    void whatIsPastWhenItBeginsIsNotTold() {
        changed("a", 1);
        changed("a", 2);
        changed("b", 1);
        remove("b");
        watch(Long.MAX_VALUE);
        assertEquals(List.of("still here", "a 2"), heard);
    }

    @Test
    void aWatcherThatDoesNotReadFindsHowThingsAreWhenItDoes() {
        watch(1);
        for (int i = 1; i <= 100; i++) {
            changed("a", i);
            passTime();
        }
        assertEquals(List.of("still here"), heard);
        ask(20);
        passTime();
        assertEquals(1 + StatusBoard.MAX_PAST + 1, heard.size(), "little is kept of what was before");
        assertEquals("a 100", heard.get(heard.size() - 1));
    }

    @Test
    void whatHasChangedAgainBeforeItIsToldIsToldOnceAsItIs() {
        for (int i = 0; i < 20; i++) {
            changed("db" + i, 1);
        }
        begin(Long.MAX_VALUE);
        changed("db0", 2); // told as it was
        changed("db19", 2); // not told yet
        turn();
        passTime();
        passTime();
        assertEquals(1 + 20 + 1, heard.size());
        assertEquals(List.of("db18 1", "db0 2", "db19 2"), heard.subList(19, 22));
    }

    @Test
    void itIsCompleteWhenEachRowHasBeenToldAlsoThoseThatChangeMeanwhile() {
        for (int i = 0; i < 20; i++) {
            changed("db" + i, 1);
        }
        begin(Long.MAX_VALUE);
        changed("db19", 2); // not told yet
        turn();
        assertEquals("db19 2", heard.get(completeBehind - 1));
        assertEquals(1 + 20, completeBehind);
    }

    @Test
    void whoReadsSlowlyIsToldThatItIsCompleteAlsoOfARowThatNeverRests() {
        changed("a", 1);
        watch(2);
        assertEquals(List.of("still here", "a 1"), heard);
        changed("a", 2);
        ask(1);
        assertEquals(2, completeBehind);
    }

    @Test
    void whatChangesWhileItIsToldIsToldToo() {
        changed("a", 1);
        watch(2);
        changed("a", 2);
        ask(10);
        passTime();
        assertEquals(List.of("still here", "a 1", "a 2"), heard);
    }

    @Test
    void aSignOfLifeJustBeforeAChangeDoesNotDelayWhatFollows() {
        watch(3);
        passTime();
        changed("a", 1);
        signs.get(0).run(); // a pause begins, and the change is looked at in it
        turn();
        passTime();
        changed("a", 2);
        turn();
        assertEquals(List.of("still here", "still here"), heard, "it is not asked for more");
        ask(10);
        passTime();
        assertEquals(List.of("still here", "still here", "a 1", "a 2"), heard);
    }

    @ParameterizedTest
    @CsvSource({"PT60S, PT20S", "PT5S, PT1.666666666S", "PT0S, PT20S", "P36500D, PT20S", "PT0.001S, PT0.25S"})
    void aSignOfLifeComesBeforeTheServiceWouldCutTheConnection(Duration idleTimeout, Duration silence) {
        assertEquals(silence, Watch.silence(idleTimeout));
    }

    @Test
    void manyRowsLeaveTheLoopToOthersInBetween() {
        for (int i = 0; i < 100; i++) {
            changed("db" + i, 1);
        }
        begin(Long.MAX_VALUE);
        assertEquals(16, heard.size());
        turn();
        assertEquals(1 + 100, heard.size());
    }

    @Test
    void aWatcherThatHasGoneIsToldNothingAndIsForgotten() {
        watch(Long.MAX_VALUE);
        watch.cancel();
        turn();
        changed("a", 1);
        turn();
        assertTrue(pauses.isEmpty());
        assertEquals(List.of("still here"), heard);
    }
}
