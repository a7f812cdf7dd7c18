package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

import org.junit.jupiter.api.Test;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.ssl.SslHandler;

/** The connection of a link, on a channel whose event loop and clock the test turns. */
class LinkSocketTest {

    private static final long NO_TIMER = -1;

    private final EmbeddedChannel channel = new EmbeddedChannel(new WebSocket13FrameDecoder(true, false, 1000));
    private final List<Ending> endings = new ArrayList<>();
    private long nanos = Long.MAX_VALUE - 1; // a clock may go past the end of its numbers
    private final LinkSocket socket = new LinkSocket(channel, Duration.ofSeconds(30), true,
            new DecryptionTurn(new Semaphore(1), new Semaphore(1)), Optional.empty(), () -> nanos);

    LinkSocketTest() {
        channel.freezeTime();
        socket.start(new Transport.Listener() {
            @Override
            public void arrived(ByteBuf bytes) {
                bytes.release();
            }

            @Override
            public void arrivedAll() {
            }

            @Override
            public void ends(Ending reason) {
                endings.add(reason);
            }
        });
    }

    /** How much has come says whether a worker reads on: its room must not count. */
    @Test
    void whatComesEncryptedIsAsMuchAsItIs() throws Exception {
        SSLEngine engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(false);
        EmbeddedChannel encrypted = new EmbeddedChannel(new SslHandler(engine),
                new WebSocket13FrameDecoder(true, false, 1000));
        List<String> heard = new ArrayList<>();
        new LinkSocket(encrypted, Duration.ofSeconds(30), true, new DecryptionTurn(new Semaphore(1), new Semaphore(1)),
                Optional.empty())
                .start(new Transport.Listener() {
                    @Override
                    public void arrived(ByteBuf bytes) {
                        heard.add(bytes.readableBytes() + " direct " + bytes.isDirect());
                        bytes.release();
                    }

                    @Override
                    public void arrivedAll() {
                        heard.add("all");
                    }

                    @Override
                    public void ends(Ending reason) {
                        heard.add(reason.toString());
                    }
                });
        encrypted.writeInbound(Unpooled.buffer().writeZero(7));
        assertEquals(List.of("7 direct true", "all"), heard);
    }

    @Test
    void aSourceThatIsSilentIsCutInTime() {
        socket.ask();
        passByLooks(30);
        assertEquals(List.of(), endings);
        passByLooks(2);
        assertEquals(List.of(new Ending.LinkLost()), endings);
    }

    /** As by SIGSTOP: what is due is done before what has come is read. */
    @Test
    void whoWasStoppedItselfJudgesNoSilenceByThat() {
        socket.ask();
        passByLooks(28);
        pass(3600);
        assertEquals(List.of(), endings, "it may have been heard meanwhile");
        passByLooks(30);
        assertEquals(List.of(), endings);
        passByLooks(2);
        assertEquals(List.of(new Ending.LinkLost()), endings);
    }

    @Test
    void whoWasStoppedItselfBlamesNobodyForWhatIsNotWritten() {
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        passByLooks(28);
        pass(3600);
        assertEquals(List.of(), endings);
        passByLooks(32);
        assertEquals(List.of(new Ending.LinkLost()), endings);
    }

    @Test
    void aSourceThatDoesNotAnswerTheCloseIsCutInTime() {
        socket.saidGoodbye();
        pass(4);
        assertEquals(List.of(), endings);
        pass(2);
        assertEquals(List.of(new Ending.LinkLost()), endings);
    }

    /** Where the process ends, Vert.x closes its WebSocket: the source may have been told another code. */
    @Test
    void nothingIsSentButWhatTheLinkSends() {
        ByteBuf ofLink = Unpooled.buffer().writeByte(0x88);
        ByteBuf ofVertx = Unpooled.buffer().writeByte(0x88);
        socket.write(ofLink);
        ChannelFuture written = channel.writeAndFlush(ofVertx);
        pass(0);
        assertSame(ofLink, channel.readOutbound());
        assertEquals(0, channel.outboundMessages().size());
        assertEquals(0, ofVertx.refCnt());
        assertTrue(written.isSuccess(), "who waits for it goes on");
    }

    @Test
    void whatIsDueLaterIsDoneWithTheConnectionAndLeavesNothingBehind() {
        List<String> done = new ArrayList<>();
        socket.saidGoodbye();
        socket.later(Duration.ofDays(1).toNanos(), () -> done.add("later"));
        pass(1);
        channel.close();
        pass(0);
        assertEquals(List.of("later"), done);
        assertEquals(NO_TIMER, channel.runScheduledPendingTasks(), "a timer keeps what has ended");
    }

    @Test
    void whatIsAskedForBehindTheEndIsDoneOnceAndSoon() {
        List<String> done = new ArrayList<>();
        channel.close();
        socket.later(Duration.ofDays(1).toNanos(), () -> done.add("later"));
        pass(0);
        assertEquals(List.of(), done);
        pass(1);
        assertEquals(List.of("later"), done);
        assertFalse(channel.isOpen());
    }

    private void passByLooks(int seconds) {
        for (int passed = 0; passed < seconds; passed += 2) {
            pass(2);
        }
    }

    /** All at once: one look at the end. */
    private void pass(int seconds) {
        channel.runPendingTasks();
        nanos += TimeUnit.SECONDS.toNanos(seconds);
        channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
        channel.runPendingTasks();
    }
}
