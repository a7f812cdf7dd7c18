package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.impl.Http1xOrH2CHandler;

/** Who is cut for whom, and when a port rests: with 12 places, of which 4 may be strangers' of one port. */
class StrangersTest {

    private static final int PLACES = 12;
    private static final int STRANGERS = 4;

    private long nowNanos;
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Strangers register = new Strangers(PLACES, metrics, () -> nowNanos);
    private final EmbeddedChannel port = new EmbeddedChannel(new Door(register, new OwnConnections(), 0));
    private final EmbeddedChannel otherPort = new EmbeddedChannel(new Door(register, new OwnConnections(), 0));
    private final List<EmbeddedChannel> all = new ArrayList<>();

    @AfterEach
    void closeAll() {
        all.forEach(EmbeddedChannel::close);
        all.forEach(EmbeddedChannel::runPendingTasks);
    }

    @Test
    void theLongestSilentIsCutForTheNextThatComes() {
        List<EmbeddedChannel> first = come(STRANGERS);
        assertEquals(0, cut());
        say(first.get(0), 10); // bytes alone are no request
        EmbeddedChannel next = come();
        assertEquals(List.of(false, true, true, true), open(first));
        assertTrue(isOpen(next));
        assertEquals(1, cut());
    }

    @Test
    void whoHasAskedIsTheLastOfTheSilent() {
        List<EmbeddedChannel> first = come(STRANGERS);
        first.forEach(this::ask);
        first.forEach(each -> register.answered(each));
        ask(first.get(0));
        register.answered(first.get(0));
        come();
        assertEquals(List.of(true, false, true, true), open(first));
    }

    @Test
    void nobodyIsCutWhoWaitsForAnAnswer() {
        List<EmbeddedChannel> first = come(STRANGERS);
        first.forEach(this::ask);
        EmbeddedChannel next = come();
        assertTrue(isOpen(next), "it has had no time to say anything");
        assertEquals(List.of(true, true, true, true), open(first));
        assertFalse(accepts());
    }

    @Test
    void whatIsCutBeforeItHasAnEventLoopLeavesItsPlace() {
        for (int i = 0; i < 10 * STRANGERS; i++) {
            port.writeInbound(new EmbeddedChannel(false, false)); // whose registration fails: it is never heard of again
            port.runPendingTasks();
        }
        EmbeddedChannel next = come();
        assertTrue(isOpen(next));
        assertTrue(accepts());
    }

    @Test
    void whoAsksBeforeItsEventLoopCutsItIsNotCut() {
        List<EmbeddedChannel> first = come(STRANGERS);
        EmbeddedChannel next = added();
        port.writeInbound(next);
        ask(first.get(0)); // the longest silent, which is to be cut for it
        assertEquals(List.of(true, false, true, true), open(first), "another in its place");
        assertTrue(isOpen(next));
        assertTrue(isRead(first.get(0), 'G'));
    }

    @Test
    void whoIsToBeCutIsReadNoMoreButForARequestThatComesFirst() {
        List<EmbeddedChannel> first = come(STRANGERS);
        say(first.get(2), 1);
        for (int i = 0; i < 3; i++) {
            port.writeInbound(added());
        }
        assertFalse(isRead(first.get(0), 0x16), "a handshake");
        assertTrue(isRead(first.get(1), 'G'), "a request, perhaps of a probe");
        assertFalse(isRead(first.get(1), 'G'), "it has been heard");
        assertFalse(isRead(first.get(2), 'G'), "it has been heard before");
        assertTrue(isRead(first.get(3), 0x16), "it is not to be cut");
    }

    /** Vert.x takes the bytes of a port without TLS one by one until it knows which HTTP they are, as the port of probes is. */
    @Test
    void theRequestOfOneThatIsToBeCutIsHeardToItsEndWhereItsFirstBytesDecideWhichHttpItIs() {
        come(STRANGERS - 1);
        EmbeddedChannel probe = added();
        port.writeInbound(probe);
        List<Integer> heard = new ArrayList<>();
        probe.pipeline().addLast(new Http1xOrH2CHandler() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                heard.add(((ByteBuf) message).readableBytes());
                if (heard.size() == 1) {
                    context.pipeline().addAfter(context.name(), "h2c", new ChannelInboundHandlerAdapter());
                }
                ReferenceCountUtil.release(message);
            }
        });
        for (int i = 0; i < STRANGERS; i++) {
            port.writeInbound(added());
        }
        probe.writeInbound(Unpooled.copiedBuffer("GET /q/health/live HTTP/1.1\r\n\r\n", StandardCharsets.US_ASCII));
        assertEquals(31, heard.stream().mapToInt(Integer::intValue).sum());
    }

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
        register.letIn(asking.get(2), Optional.empty());
        assertTrue(accepts());
    }

    @Test
    void aPortThatRestsForOthersIsNotForgottenWhenItsStrangersAreLetIn() {
        List<EmbeddedChannel> two = restAsPlacesRunOut();
        two.forEach(each -> register.letIn(each, Optional.empty()));
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
            register.letIn(known, Optional.empty());
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
    void whoAsksNothingForTooLongIsCut() {
        List<EmbeddedChannel> first = come(3);
        ask(first.get(1));
        register.answered(first.get(1));
        nowNanos = Strangers.ASK_WITHIN_NANOS - 1; // the first came at 0
        register.cutOverdue();
        assertEquals(List.of(true, true, true), open(first));
        nowNanos += 3;
        register.cutOverdue();
        assertEquals(List.of(false, true, false), open(first));
    }

    @Test
    void whoSendsTooMuchWithoutAskingIsCut() {
        EmbeddedChannel one = come();
        say(one, Stranger.UNASKED_BYTES);
        assertTrue(isOpen(one));
        ask(one);
        say(one, Stranger.UNASKED_BYTES); // after a request it is counted anew
        assertTrue(isOpen(one));
        say(one, 1);
        assertFalse(isOpen(one));
    }

    @Test
    void whoIsLetInIsNotCutAndOneCallerHasHalfOfThesePlaces() {
        Optional<String> caller = Optional.of("token a");
        List<EmbeddedChannel> known = new ArrayList<>();
        for (int i = 0; i < 5; i++) { // 10 of 12 places are for known ones
            EmbeddedChannel one = come();
            ask(one);
            register.letIn(one, caller);
            register.answered(one);
            known.add(one);
        }
        EmbeddedChannel sixth = come();
        ask(sixth);
        register.letIn(sixth, caller);
        register.answered(sixth);
        come(STRANGERS);
        assertEquals(List.of(true, true, true, true, true), open(known));
        assertFalse(isOpen(sixth), "it found no place among known ones");

        known.get(0).close();
        EmbeddedChannel again = come();
        ask(again);
        register.letIn(again, caller);
        register.answered(again);
        come(STRANGERS);
        assertTrue(isOpen(again), "a place that was given back");
    }

    @Test
    void whenPlacesRunOutOneStrangerIsLeftAndTheNextIsRefusedUntilAnotherIsClosed() {
        for (int i = 0; i < PLACES - 2; i++) {
            EmbeddedChannel one = come();
            ask(one);
            register.letIn(one, Optional.empty());
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

    private List<EmbeddedChannel> come(int count) {
        List<EmbeddedChannel> those = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            those.add(come());
        }
        return those;
    }

    private EmbeddedChannel come() {
        return comeTo(port);
    }

    private EmbeddedChannel comeTo(EmbeddedChannel some) {
        EmbeddedChannel accepted = added();
        some.writeInbound(accepted);
        nowNanos++;
        run();
        return accepted;
    }

    private EmbeddedChannel added() {
        EmbeddedChannel accepted = new EmbeddedChannel();
        all.add(accepted);
        return accepted;
    }

    private void ask(Channel channel) {
        register.asked(channel);
    }

    /** Whether a byte that comes on {@code channel} gets past what stands first in its pipeline. */
    private static boolean isRead(EmbeddedChannel channel, int first) {
        boolean isRead = channel.writeInbound(Unpooled.wrappedBuffer(new byte[]{(byte) first}));
        channel.releaseInbound();
        return isRead;
    }

    private void say(EmbeddedChannel channel, int bytes) {
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[bytes]));
        channel.releaseInbound();
        run();
    }

    /** What event loops have to do, at once and after the millisecond that who has not been heard is given. */
    private void run() {
        for (EmbeddedChannel each : all) {
            each.runPendingTasks();
            each.advanceTimeBy(1, TimeUnit.MILLISECONDS);
            each.runPendingTasks();
        }
    }

    private List<Boolean> open(List<EmbeddedChannel> channels) {
        return channels.stream().map(this::isOpen).toList();
    }

    private boolean isOpen(EmbeddedChannel channel) {
        run();
        return channel.isOpen();
    }

    private boolean accepts() {
        return port.config().isAutoRead();
    }

    private double cut() {
        return metrics.get("mirror.bootstrap.connections.cut").counter().count();
    }
}
