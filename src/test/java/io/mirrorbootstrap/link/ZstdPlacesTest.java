package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.wire.ZstdDecoder;

/** Who decodes compressed chunks, of links and callers that all want to. */
class ZstdPlacesTest extends HandTurnedLinks {

    private final List<String> told = new ArrayList<>();
    private long nanos;
    private final ZstdPlaces here = new ZstdPlaces(SETTINGS, () -> apart, () -> nanos);

    /** A link that decodes, or waits to. */
    private final class Wanting {
        private final String name;
        private final ZstdPlaces.OfLink places;
        private Optional<ZstdDecoder> decoder = Optional.empty();

        private Wanting(String caller, String name) {
            this(here, caller, name);
        }

        private Wanting(ZstdPlaces all, String caller, String name) {
            this.name = name;
            this.places = all.of(new Principal(CallerId.ofToken(caller), Optional.empty(), Optional.empty(),
                    false, Optional.empty()));
        }

        private boolean decodes() {
            decoder = places.take(() -> told.add(name));
            return decoder.isPresent();
        }

        private void ends() {
            places.giveBack(decoder.orElseThrow());
        }
    }

    @Test
    void aCallerThatIsAloneDecodesTwoAtOnceAndItsLinksAreToldInTheirOrder() {
        apart = ToldApart.BY_TOKEN;
        List<Wanting> links = List.of(new Wanting("a", "1"), new Wanting("a", "2"), new Wanting("a", "3"),
                new Wanting("a", "4"));
        assertTrue(links.get(0).decodes() && links.get(1).decodes());
        assertFalse(links.get(2).decodes() || links.get(3).decodes() || links.get(2).decodes());
        links.get(1).ends();
        assertEquals(List.of("3"), told);
        assertTrue(links.get(2).decodes());
        links.get(0).ends();
        links.get(2).ends();
        assertEquals(List.of("3", "4"), told);
    }

    @Test
    void aCallerWithManyLinksLeavesAPlaceToWhoeverWaits() {
        apart = ToldApart.BY_TOKEN;
        Wanting first = new Wanting("many", "first");
        Wanting second = new Wanting("many", "second");
        Wanting third = new Wanting("many", "third");
        Wanting other = new Wanting("one", "other");
        assertTrue(first.decodes() && second.decodes());
        assertFalse(third.decodes() || other.decodes());
        first.ends();
        assertEquals(List.of("other"), told, "though the third has waited longer");
        assertTrue(other.decodes());
        other.ends();
        assertTrue(third.decodes(), "nobody else wants it now");
        assertFalse(other.decodes());
        second.ends();
        assertFalse(first.decodes() || second.decodes(), "another waits, and the third decodes");
        assertTrue(other.decodes());
    }

    @Test
    void callersAreToldInTurn() {
        apart = ToldApart.BY_TOKEN;
        List<Wanting> many = List.of(new Wanting("a", "a1"), new Wanting("a", "a2"), new Wanting("a", "a3"));
        Wanting b = new Wanting("b", "b");
        Wanting c = new Wanting("c", "c");
        assertTrue(many.get(0).decodes() && b.decodes());
        assertFalse(many.get(1).decodes() || many.get(2).decodes() || c.decodes());
        many.get(0).ends();
        assertEquals(List.of("a2"), told, "it was the first to have one");
        assertTrue(many.get(1).decodes());
        many.get(1).ends();
        assertEquals(List.of("a2", "c"), told);
        assertFalse(new Wanting("b", "b2").decodes(), "it has one");
        assertTrue(c.decodes());
        b.ends();
        assertEquals(List.of("a2", "c", "b2"), told);
    }

    /** Else one of many, who ask all the time, would take it before the one who was told has found a worker. */
    @Test
    void aPlaceIsKeptForWhoWasTold() {
        apart = ToldApart.BY_TOKEN;
        Wanting first = new Wanting("a", "first");
        Wanting b = new Wanting("b", "b");
        Wanting told = new Wanting("c", "told");
        assertTrue(first.decodes() && b.decodes());
        assertFalse(told.decodes());
        first.ends();
        assertFalse(first.decodes() || new Wanting("a", "another").decodes() || new Wanting("d", "d").decodes());
        assertTrue(told.decodes());
    }

    @Test
    void aPlaceIsKeptForAMomentOnly() {
        apart = ToldApart.BY_TOKEN;
        Wanting first = new Wanting("a", "first");
        Wanting second = new Wanting("a", "second");
        Wanting told = new Wanting("b", "told");
        assertTrue(first.decodes() && second.decodes());
        assertFalse(told.decodes());
        first.ends();
        assertFalse(first.decodes());
        nanos += ZstdPlaces.KEPT_NANOS;
        assertTrue(first.decodes(), "it has not come, and nothing is left to it");
        assertFalse(told.decodes());
        second.ends();
        assertEquals(List.of("told", "told"), this.told);
    }

    @Test
    void thePlaceOfOneThatIsLostGoesToTheNext() {
        apart = ToldApart.BY_TOKEN;
        Wanting first = new Wanting("a", "first");
        Wanting second = new Wanting("a", "second");
        Wanting lost = new Wanting("b", "lost");
        Wanting next = new Wanting("c", "next");
        assertTrue(first.decodes() && second.decodes());
        assertFalse(lost.decodes() || next.decodes());
        first.ends();
        lost.places.forget();
        assertEquals(List.of("lost", "next"), told);
        assertTrue(next.decodes());
    }

    @Test
    void whoDoesNotWaitAnyMoreIsNotTold() {
        Wanting first = new Wanting("a", "first");
        Wanting second = new Wanting("a", "second");
        Wanting gone = new Wanting("a", "gone");
        assertTrue(first.decodes() && second.decodes());
        assertFalse(gone.decodes());
        gone.places.forget();
        first.ends();
        second.ends();
        assertEquals(List.of(), told);
    }

    @Test
    void aChunkThatWaitsIsAnsweredWhenAPlaceIsFreeWithoutAnyTimePassing() {
        Wanting other = takesAPlaceBesideAnother();
        Open open = open();
        open.send(offersToCompress(identity("a")), compressedChunk("a", 0, 300));
        assertEquals(List.of("opened"), open.types());
        assertEquals(1, pauses("decoding"));
        assertEquals(0, pauses("disk"));
        other.ends();
        open.turnAll();
        assertEquals(List.of("opened", "pending"), open.types());
    }

    @Test
    void aLinkThatIsLostWhileItWaitsIsForgotten() {
        Wanting other = takesAPlaceBesideAnother();
        Open open = open();
        open.send(offersToCompress(identity("a")), compressedChunk("a", 0, 300));
        Wanting behind = new Wanting(limits.zstd(), "", "behind");
        assertFalse(behind.decodes());
        open.loseConnection();
        open.transport.passTime();
        open.turnAside();
        other.ends();
        assertEquals(List.of("behind"), told);
    }

    /** @return one of two that decode where the links do, as no third can */
    private Wanting takesAPlaceBesideAnother() {
        Wanting one = new Wanting(limits.zstd(), "", "1");
        assertTrue(one.decodes() && new Wanting(limits.zstd(), "", "2").decodes());
        return one;
    }
}
