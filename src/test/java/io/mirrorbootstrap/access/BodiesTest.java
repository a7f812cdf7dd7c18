package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCounted;

/** Nothing of a body is kept, whatever it is made of. */
class BodiesTest {

    private final List<ByteBuf> pieces = new ArrayList<>();
    private final EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestDecoder(),
            new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    if (message instanceof HttpContent content) {
                        pieces.add(content.content());
                    }
                    context.fireChannelRead(message);
                }
            }, Bodies.TAKEN_OUT);

    @Test
    void aThousandPiecesAndWhatTrailsThemAreOneEmptyEnd() {
        for (String body : List.of("1\r\na\r\n".repeat(1000) + "0\r\n" + "a:b\r\n".repeat(1000) + "\r\n",
                "0\r\n\r\n")) {
            send("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
            assertInstanceOf(HttpRequest.class, channel.readInbound());
            assertSame(LastHttpContent.EMPTY_LAST_CONTENT, channel.readInbound());
            assertNull(channel.readInbound());
        }
        assertTrue(pieces.size() > 1000);
        assertEquals(0, pieces.stream().filter(ByteBuf::isReadable).mapToInt(ReferenceCounted::refCnt).sum());
    }

    @Test
    void aBodyThatIsNoneIsHeardOf() {
        send("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n");
        assertInstanceOf(HttpRequest.class, channel.readInbound());
        HttpContent flawed = channel.readInbound();
        assertTrue(flawed.decoderResult().isFailure());
    }

    private void send(String request) {
        channel.writeInbound(Unpooled.copiedBuffer(request, StandardCharsets.US_ASCII));
    }
}
