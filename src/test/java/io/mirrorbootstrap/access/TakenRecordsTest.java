package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;

/** The records of a connection, once somebody else than Netty's handler decrypts them. */
class TakenRecordsTest {

    private final SSLEngine engine = engine();
    private final List<Object> taken = new ArrayList<>();
    private final List<String> behind = new ArrayList<>();
    private final EmbeddedChannel channel = new EmbeddedChannel(new SslHandler(engine),
            new ChannelInboundHandlerAdapter() {
                @Override
                public void channelInactive(ChannelHandlerContext context) {
                    behind.add("inactive");
                }
            });
    private final Connections.Arrivals taker = new Connections.Arrivals() {
        @Override
        public void arrived(ByteBuf bytes) {
            taken.add(bytes.readableBytes());
            bytes.release();
        }

        @Override
        public void arrivedAll() {
            taken.add("all");
        }
    };

    /** Some connections are accepted before their port has a Door. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void areHeardAsTheyComeAndTheSessionOutlivesTheConnection(boolean isFollowed) {
        if (isFollowed) {
            TlsRecords.follow(channel, 0);
        }
        assertEquals(engine, Connections.takeRecords(channel, taker).orElseThrow());
        ByteBuf bytes = Unpooled.buffer().writeZero(7);
        channel.writeInbound(bytes);
        assertEquals(List.of(7, "all"), taken);
        assertEquals(0, bytes.refCnt());
        channel.close();
        assertEquals(List.of("inactive"), behind, "those behind hear that it is closed");
        assertFalse(engine.isInboundDone(), "what has come may still be decrypted");
    }

    @Test
    void areNotTakenInTheMiddleOfOne() {
        TlsRecords.follow(channel, 0);
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[]{22, 3, 1}));
        assertThrows(IllegalStateException.class, () -> Connections.takeRecords(channel, taker));
    }

    @Test
    void thereAreNoneWhereNothingIsEncrypted() {
        assertTrue(Connections.takeRecords(new EmbeddedChannel(), taker).isEmpty());
    }

    private static SSLEngine engine() {
        try {
            SSLEngine engine = SSLContext.getDefault().createSSLEngine();
            engine.setUseClientMode(false);
            return engine;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
