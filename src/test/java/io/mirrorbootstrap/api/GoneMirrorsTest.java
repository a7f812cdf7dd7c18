package io.mirrorbootstrap.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.StatusBoard;

/** What a watcher is told of mirrors that have left the list. */
class GoneMirrorsTest extends HandTurnedWatch {

    @Test
    void itIsToldThatAMirrorHasLeftAndThatItIsBack() {
        watch(Long.MAX_VALUE);
        passTime();
        changed("a", 1);
        turn();
        changed("a", 2);
        remove("a");
        passTime();
        passTime();
        assertEquals(List.of("still here", "a 1", "a 2", "a gone"), heard);
        changed("a", 3);
        turn();
        assertEquals(List.of("still here", "a 1", "a 2", "a gone", "a 3"), heard);
    }

    @Test
    void whoComesBackIsToldWhichHaveLeftMeanwhile() {
        changed("a", 1);
        changed("b", 1);
        lastHeard = OptionalLong.of(board.lastChange());
        remove("b");
        changed("c", 1);
        watch(Long.MAX_VALUE);
        assertEquals(List.of("still here", "a 1", "b gone", "c 1"), heard);
    }

    @Test
    void aNumberThatIsNoneOfItsChangesSaysNothing() {
        changed("b", 1);
        remove("b");
        changed("a", 1);
        lastHeard = OptionalLong.of(board.lastChange() + 1);
        watch(Long.MAX_VALUE);
        assertEquals(List.of("still here", "a 1"), heard);
    }

    @Test
    void whoWatchesOneIsNotBehindForWhatOthersDo() {
        isWanted = database -> database.value().equals("mine");
        changed("mine", 1);
        watch(Long.MAX_VALUE);
        passTime();
        for (int i = 0; i < 3 * StatusBoard.MAX_GONE; i++) {
            changed("gone" + i, 1);
            remove("gone" + i);
            turn();
            passTime();
        }
        changed("mine", 2);
        turn();
        passTime();
        remove("mine");
        turn();
        passTime();
        assertFalse(isAtEnd);
        assertEquals(List.of("still here", "mine 1", "mine 2", "mine gone"), heard);
    }

    @Test
    void howeverOftenAFewComeAndGoNobodyIsBehind() {
        changed("mine", 1);
        watch(Long.MAX_VALUE);
        passTime();
        changed("mine", 2);
        turn();
        lastHeard = OptionalLong.of(board.lastChange());
        remove("mine");
        for (int i = 0; i < 3 * StatusBoard.MAX_GONE; i++) {
            changed("name" + i % 8, 1);
            remove("name" + i % 8);
        }
        passTime();
        assertFalse(isAtEnd);
        assertEquals(List.of("still here", "mine 1", "mine 2", "mine gone"), heard.subList(0, 4));
        assertEquals(8, heard.stream().filter(told -> told.matches("name. gone")).count(), heard::toString);

        heard.clear();
        watch(Long.MAX_VALUE);
        assertEquals("mine gone", heard.get(1), "nor who comes back");
    }

    @Test
    void whoCannotBeToldAnyMoreWhichHaveLeftIsAtItsEnd() {
        watch(1);
        for (int i = 0; i < StatusBoard.MAX_GONE; i++) {
            changed("gone" + i, 1);
            remove("gone" + i);
        }
        ask(1);
        assertFalse(isAtEnd);
        changed("one", 1);
        remove("one");
        changed("two", 1);
        remove("two");
        ask(Long.MAX_VALUE);
        assertTrue(isAtEnd);
        assertEquals(List.of("still here"), heard);
    }
}
