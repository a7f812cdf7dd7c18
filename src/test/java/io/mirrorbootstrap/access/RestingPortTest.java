package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.netty.channel.embedded.EmbeddedChannel;

/** When a port rests, and goes on: with 12 places, of which 4 may be strangers' of one port. */
class RestingPortTest extends WithStrangers {

    @Test
    void aPortThatRestsGoesOnWhenOneIsAnswered() {
        List<EmbeddedChannel> asking = askUntilThePortRests();
        register.answered(asking.get(2));
        assertTrue(accepts());
        come();
        assertEquals(List.of(true, true, false, true, true), open(asking), "the one that was answered");
    }

    @Test
    void aPortThatRestsGoesOnWhenAnAnswerTakesTooLong() {
        askUntilThePortRests();
        register.cutOverdue();
        assertFalse(accepts());
        nowNanos += Stranger.ANSWER_WITHIN_NANOS;
        register.cutOverdue();
        assertTrue(accepts());
    }

    @Test
    void aPortThatRestsGoesOnWhenOneIsClosed() {
        List<EmbeddedChannel> asking = askUntilThePortRests();
        asking.get(1).close();
        assertTrue(accepts());
    }

    @Test
    void aPortThatRestsGoesOnWhenOneIsLetIn() {
        List<EmbeddedChannel> asking = askUntilThePortRests();
        register.letIn(asking.get(2), CallerId.NOBODY, ToldApart.NOT);
        assertTrue(accepts());
    }

    @Test
    void aPortThatRestsForOthersIsNotForgottenWhenItsStrangersAreLetIn() {
        List<EmbeddedChannel> two = restAsPlacesRunOut();
        two.forEach(each -> register.letIn(each, CallerId.NOBODY, ToldApart.NOT));
        assertTrue(accepts());
    }

    @Test
    void aPortThatRestsForOthersGoesOnWhenOneOfThemIsClosed() {
        restAsPlacesRunOut();
        all.get(0).close();
        assertTrue(accepts());
    }

    /** All places are taken, two of them by strangers of this port, which rests as both wait for their answers. */
    private List<EmbeddedChannel> restAsPlacesRunOut() {
        for (int i = 0; i < PLACES - 4; i++) {
            EmbeddedChannel known = comeTo(otherPort);
            ask(known);
            register.letIn(known, CallerId.NOBODY, ToldApart.NOT);
            register.answered(known);
        }
        comeTo(otherPort);
        comeTo(otherPort);
        EmbeddedChannel waiting = come();
        ask(waiting);
        EmbeddedChannel last = come();
        ask(last);
        assertFalse(accepts());
        return List.of(waiting, last);
    }

    @Test
    void aPortRestsWhileThoseThatAreCutAreNotClosed() {
        come(STRANGERS);
        for (int i = 0; i < STRANGERS / 2; i++) {
            port.writeInbound(added());
            assertTrue(accepts());
        }
        port.writeInbound(added());
        assertFalse(accepts());
        run();
        assertTrue(accepts());
    }

    /** One more than there may be, all of which wait for their answers. */
    private List<EmbeddedChannel> askUntilThePortRests() {
        List<EmbeddedChannel> asking = come(STRANGERS);
        asking.forEach(this::ask);
        EmbeddedChannel last = added();
        port.writeInbound(last);
        ask(last);
        asking.add(last);
        assertEquals(List.of(true, true, true, true, true), open(asking));
        assertFalse(accepts());
        return asking;
    }

    @Test
    void whenPlacesRunOutOneStrangerIsLeftAndTheNextIsRefusedUntilAnotherIsClosed() {
        for (int i = 0; i < PLACES - 2; i++) {
            EmbeddedChannel one = come();
            ask(one);
            register.letIn(one, CallerId.NOBODY, ToldApart.NOT);
            register.answered(one);
        }
        EmbeddedChannel stranger = come();
        EmbeddedChannel next = added();
        port.writeInbound(next);
        EmbeddedChannel refused = added();
        port.writeInbound(refused);
        assertFalse(refused.isOpen());
        assertFalse(isOpen(stranger));
        assertTrue(isOpen(next));
    }
}
