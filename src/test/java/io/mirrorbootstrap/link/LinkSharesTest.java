package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.ToldApart;

/** Links of a caller that has been alone, and has taken all of them, when another comes. */
class LinkSharesTest extends HandTurnedLinks {

    private static final CallerId A = CallerId.ofToken("a");
    private static final CallerId B = CallerId.ofToken("b");

    private final List<Open> ofA = new ArrayList<>();

    @BeforeEach
    void theOneTakesAll() {
        ofA.addAll(openMany(A, limits.maxLinks()));
        assertThrows(Links.NoPlace.class, () -> links.takePlace(A));
    }

    @Test
    void theOtherHasItsShareAndNoMore() throws Exception {
        apart = ToldApart.BY_TOKEN;
        assertTrue(ofA.stream().noneMatch(open -> open.link.isGone()), "nobody needs a place");
        for (int i = 1; i <= limits.maxLinksPerCaller(); i++) {
            open(B);
            assertEquals(i, ofA.stream().filter(open -> open.link.isGone()).count());
            assertTrue(ofA.get(ofA.size() - i).link.isGone(), "the newest first");
            assertThrows(Links.NoPlace.class, () -> links.takePlace(A));
        }
        assertThrows(Links.NoPlace.class, () -> links.takePlace(B));
        assertThrows(Links.NoPlace.class, () -> links.takePlace(CallerId.ofToken("c")), "nobody has too many");
        close(ofA.get(0));
        links.takePlace(A);
    }

    @Test
    void theTransferOfALinkThatMakesRoomIsKeptAndItsCommitIsFinished() throws Exception {
        Open last = ofA.get(ofA.size() - 1);
        Open beforeIt = ofA.get(ofA.size() - 2);
        last.send(wantsToOpen("a"), chunk("a", 0, 300));
        beforeIt.send(wantsToOpen("b"), chunk("b", 0, 1000)); // waits for the disk
        apart = ToldApart.BY_TOKEN;
        links.takePlace(B);
        links.takePlace(B);
        ofA.forEach(Open::turnAll);
        asides.turnAll();
        ofA.forEach(Open::turnAll);
        assertEquals(List.of("opened", "pending", "close 1013"), last.types());
        assertEquals(List.of("opened", "committed", "close 1013"), beforeIt.types());
        Open stays = ofA.get(0);
        stays.send(wantsToOpen("a"));
        stays.turnAside();
        stays.send(chunk("a", 300, 1000));
        stays.turnAside();
        assertEquals(List.of("opened", "committed"), stays.types(), "from where it was");
        assertFalse(stays.link.isGone());
    }

    @Test
    void aPlaceThatWasGivenUpIsNotGivenBackTwice() {
        apart = ToldApart.BY_TOKEN;
        Open ofB = open(B);
        close(ofA.get(ofA.size() - 1));
        assertThrows(Links.NoPlace.class, () -> links.takePlace(A));
        assertFalse(ofB.link.isGone());
    }

    @Test
    void noMoreLinksAreAboutToEndThanMayBeOpen() throws Exception {
        int share = limits.maxLinks() / 2;
        List<Open> alone = ofA;
        for (CallerId next : List.of(B, CallerId.ofToken("c"))) {
            apart = ToldApart.BY_TOKEN;
            List<Open> ofNext = openMany(next, share); // for each of these one is about to end
            alone.subList(0, share).forEach(LinkSharesTest::close);
            apart = ToldApart.NOT;
            ofNext.addAll(openMany(next, share));
            alone = ofNext;
        }
        apart = ToldApart.BY_TOKEN;
        assertThrows(Links.NoPlace.class, () -> links.takePlace(CallerId.ofToken("d")));
        close(ofA.get(share));
        links.takePlace(CallerId.ofToken("d"));
    }

    private List<Open> openMany(CallerId caller, int many) {
        List<Open> all = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            all.add(open(caller));
        }
        return all;
    }

    private static void close(Open open) {
        open.place.socketGone();
        open.loseConnection();
        open.turnAside();
    }
}
