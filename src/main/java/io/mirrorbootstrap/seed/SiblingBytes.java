package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.nio.ByteBuffer;

import io.mirrorbootstrap.source.AnswerBody;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** The answer of a sibling, which is of one snapshot from its beginning to its end. */
final class SiblingBytes implements Bytes {

    private final AnswerBody body;
    private ByteBuf piece = Unpooled.EMPTY_BUFFER;

    SiblingBytes(AnswerBody body) {
        this.body = body;
    }

    @Override
    public ByteBuffer next(int most) throws IOException, InterruptedException {
        if (!piece.isReadable()) {
            piece = body.next(Sibling.PATIENCE);
        }
        ByteBuffer next = piece.nioBuffer(piece.readerIndex(), Math.min(most, piece.readableBytes()));
        piece.skipBytes(next.remaining());
        return next;
    }

    @Override
    public void close() {
        body.close();
    }
}
