package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.impl.Http1xOrH2CHandler;

/** Who is cut for whom: with 12 places, of which 4 may be strangers' of one port. */
class StrangersTest extends WithStrangers {

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
        CallerId caller = CallerId.ofToken("token a").with("cluster a");
        List<EmbeddedChannel> known = new ArrayList<>();
        for (int i = 0; i < 5; i++) { // 10 of 12 places are for known ones
            EmbeddedChannel one = come();
            ask(one);
            register.letIn(one, caller, ToldApart.BY_CERTIFICATE);
            register.answered(one);
            known.add(one);
        }
        EmbeddedChannel sixth = come(); // when another token is there, so that its name is another
        ask(sixth);
        register.letIn(sixth, caller, ToldApart.BY_BOTH);
        register.answered(sixth);
        come(STRANGERS);
        assertEquals(List.of(true, true, true, true, true), open(known));
        assertFalse(isOpen(sixth), "it found no place among known ones");

        known.get(0).close();
        EmbeddedChannel again = come();
        ask(again);
        register.letIn(again, caller, ToldApart.BY_CERTIFICATE);
        register.answered(again);
        come(STRANGERS);
        assertTrue(isOpen(again), "a place that was given back");
    }
}
