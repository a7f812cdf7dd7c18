package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mirrorbootstrap.mirror.SharedRate;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** When a link is read, of a caller whose rate, or of a sidecar whose memory, is used up by others. */
class IntakeTest {

    private static final int MOST = 1000;

    private ToldApart apart = ToldApart.NOT;
    private final IngestBudget budget = new IngestBudget(
            TestMirrors.settings(Map.of("buffer-bytes", String.valueOf(MOST))), new SimpleMeterRegistry(), () -> apart);
    private final IngestBudget.Share holder = budget.of(Principal.ANYBODY);
    private final SharedRate.Share rate = new SharedRate(MOST, () -> apart).of(Principal.ANYBODY);

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final LinkMeters meters = new LinkMeters(metrics);

    private Intake intake(FakeTransport transport) {
        return new Intake(transport, new FrameParser(MOST), budget.of(Principal.ANYBODY), rate, meters, () -> false,
                () -> false, () -> {
                });
    }

    @Test
    void aCallerLeavesHalfOfTheMemoryFromTheMomentAnotherIsKnown() {
        holder.take(MOST / 2);
        assertTrue(holder.hasRoom());
        apart = ToldApart.BY_TOKEN;
        assertFalse(holder.hasRoom());
        holder.giveBack(1);
        assertTrue(holder.hasRoom());
    }

    @Test
    void anotherLinkOfACallerThatIsAheadOfTheRateIsNotReadAtFirst() {
        FakeTransport transport = new FakeTransport(true);
        rate.take(MOST);
        intake(transport).start();
        assertFalse(transport.isAsked());
        rate.take(MOST); // the others go on
        transport.passTime();
        assertTrue(transport.isAsked(), "it waits again and again");
    }

    @Test
    void whereOthersHoldAllNothingIsReadWhichIsCounted() {
        holder.take(MOST);
        intake(new FakeTransport(true)).start();
        assertEquals(1, metrics.get("mirror.bootstrap.socket.pauses").tag("reason", "budget").counter().count());
    }

    @Test
    void whatIsInFrontOfAnEndCountsForTheRate() {
        AtomicBoolean isEnded = new AtomicBoolean();
        Intake intake = new Intake(new FakeTransport(true), new FrameParser(MOST), budget.of(Principal.ANYBODY), rate,
                meters,
                isEnded::get, isEnded::get, () -> {
                });
        intake.arrived(Unpooled.directBuffer().writeBytes(MaskedFrame.of(0x82, new byte[MOST])));
        assertTrue(intake.hasBytes());
        isEnded.set(true);
        while (intake.hasBytes()) {
            intake.next();
            intake.done();
        }
        assertTrue(rate.take(0) > 0, "it has cost nothing");
    }

    @Test
    void whatCannotBeDecryptedGivesItsMemoryBack() {
        FakeTransport broken = new FakeTransport(true) {
            @Override
            public ByteBuffer plain(ByteBuf arrived) {
                throw new IllegalStateException("broken");
            }
        };
        Intake intake = intake(broken);
        ByteBuf bytes = Unpooled.directBuffer().writeZero(1);
        intake.arrived(bytes);
        assertThrows(IllegalStateException.class, intake::hasBytes);
        assertEquals(0, bytes.refCnt());
        holder.take(MOST - 1);
        assertTrue(holder.hasRoom());
        assertFalse(intake.hasBytes());
    }

    @Test
    void aLinkThatIsLostWhileItWaitsForTheBudgetLeavesNothingThere() {
        FakeTransport lost = new FakeTransport(true);
        Intake intake = intake(lost);
        holder.take(MOST);
        intake.start();
        intake.forget();
        holder.giveBack(1);
        assertEquals(0, lost.loop.waiting(), "the budget wakes a link that is gone");
    }

    @Test
    void whatOneLinkGivesBackLetsAnotherRead() {
        FakeTransport other = new FakeTransport(false);
        holder.take(MOST);
        intake(other).ask();
        other.loop.turnAll();
        assertFalse(other.isAsked());
        holder.giveBack(1);
        other.loop.turnAll();
        assertTrue(other.isAsked());
    }
}
