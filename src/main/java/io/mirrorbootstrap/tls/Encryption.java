package io.mirrorbootstrap.tls;

import java.nio.ByteBuffer;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

import io.netty.buffer.ByteBuf;

/**
 * Encrypts what is sent in a TLS session whose handshake is over. What it says belongs behind what has been encrypted before, so who has
 * one writes at once. In arrays, as {@link Decryption} does: each record is put together in one, and encrypted to another.
 * <p>
 * One thread at a time, and that of whoever else encrypts in the session.
 */
public final class Encryption {

    /** The most that a record says (RFC 8446, 5.1), in bytes. */
    private static final int RECORD_BYTES = 16 * 1024;

    private final SSLEngine engine;
    private final ByteBuffer plain = ByteBuffer.allocate(RECORD_BYTES);
    private final ByteBuffer record;

    /** @param engine its handshake is over */
    public Encryption(SSLEngine engine) {
        this.engine = engine;
        this.record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    }

    /** How much memory {@code bytes} take when they are encrypted, about. */
    public int room(int bytes) {
        return bytes + (bytes / RECORD_BYTES + 1) * (record.capacity() - RECORD_BYTES);
    }

    /**
     * Adds {@code bytes}, all of them, to {@code out}.
     *
     * @throws SSLException when the session is over, or is to begin anew
     */
    public void encrypt(ByteBuf bytes, ByteBuf out) throws SSLException {
        while (bytes.isReadable()) {
            plain.clear().limit(Math.min(RECORD_BYTES, bytes.readableBytes()));
            bytes.readBytes(plain);
            plain.flip();
            while (plain.hasRemaining()) { // where new keys are due, they come first, and nothing is taken
                SSLEngineResult result = engine.wrap(plain, record.clear());
                if (result.getStatus() != Status.OK || result.bytesProduced() == 0) {
                    throw new SSLException("the TLS session is over, or is to begin anew: " + result.getStatus() + ", "
                            + result.getHandshakeStatus());
                }
                out.writeBytes(record.array(), 0, record.position());
            }
        }
    }
}
