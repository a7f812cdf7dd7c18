package io.mirrorbootstrap.tls;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/**
 * Decrypts what arrives in a TLS session whose handshake is over, cut anywhere, into the memory in which it arrived. Another thread may
 * encrypt in the same session meanwhile.
 * <p>
 * Each record is decrypted in one array of the session's own, because Java's ciphers are fast in arrays alone, and goes from there to
 * where it is read: so there is one copy more, of bytes that are in the processor's cache, and no garbage.
 * <p>
 * One thread at a time, but for {@link #answers}.
 */
public final class Decryption {

    /**
     * So many bytes of the memory are free in front of what has arrived: what is decrypted begins there, and part of a record that
     * arrived before may make it longer than what arrives. In bytes, a multiple of a page.
     */
    public static final int HEADROOM_BYTES = 20 * 1024;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private static final int HEADER_BYTES = 5;
    private static final int LENGTH_AT = 3;

    /** RFC 5246, 6.2.3; TLS 1.3 allows less. */
    private static final int MAX_FRAGMENT_BYTES = (1 << 14) + 2048;

    private final SSLEngine engine;
    private final Runnable owesAnswer;

    /** The record at hand, as far as it has come, and then what it says. */
    private final ByteBuffer record = ByteBuffer.allocate(HEADER_BYTES + MAX_FRAGMENT_BYTES);
    private Optional<String> flaw = Optional.empty();
    private boolean isOver;
    private final EmptyRecords empty = new EmptyRecords();
    /** Whether {@link #owesAnswer} has been called, and {@link #answers} has not. */
    private final AtomicBoolean owes = new AtomicBoolean();

    /**
     * @param engine its handshake is over, and no part of a record has come
     * @param owesAnswer called when something is to be encrypted, if only nothing: the other end has new keys, and hears of it. Not
     *        again before {@link #answers}
     */
    public Decryption(SSLEngine engine, Runnable owesAnswer) {
        this.engine = engine;
        this.owesAnswer = owesAnswer;
    }

    /**
     * Decrypts the bytes from {@link #HEADROOM_BYTES} to the limit of {@code memory}, all of them, and leaves what they say at its
     * beginning. Behind the end of the session there is nothing to be said.
     *
     * @return how many bytes they say: from none, as long as no record is whole, to more than have arrived
     */
    public int decrypt(ByteBuffer memory) {
        ByteBuffer plain = memory.duplicate().clear().limit(HEADROOM_BYTES);
        int at = HEADROOM_BYTES;
        int end = memory.limit();
        while (at < end && !isOver) {
            int taken = Math.min(missing(), end - at);
            record.put(record.position(), memory, at, taken).position(record.position() + taken);
            at += taken;
            if (missing() == 0) {
                assert plain.position() <= at : plain;
                open(plain.limit(at));
            }
        }
        return plain.position();
    }

    /** Whether the session has ended, or is broken. */
    public boolean isOver() {
        return isOver;
    }

    /** What is wrong with it, if it is broken. */
    public Optional<String> flaw() {
        return flaw;
    }

    /** What is owed is about to be encrypted. Any thread. */
    public void answers() {
        owes.set(false);
    }

    /** How many bytes of the record at hand, or of its header, are still to come. */
    private int missing() {
        if (record.position() < HEADER_BYTES) {
            return HEADER_BYTES - record.position();
        }
        int length = Short.toUnsignedInt(record.getShort(LENGTH_AT));
        return Math.min(length, MAX_FRAGMENT_BYTES) + HEADER_BYTES - record.position(); // the engine refuses longer ones
    }

    private void open(ByteBuffer plain) {
        boolean isKnown = false;
        try {
            opened(engine.unwrap(record.flip(), plain));
            isKnown = true;
        } catch (SSLException e) {
            fail(String.valueOf(e.getMessage()));
        } finally {
            record.clear();
            isOver |= !isKnown; // also where there was no memory: nobody knows how far the engine is
        }
    }

    private void opened(SSLEngineResult result) {
        HandshakeStatus next = result.getHandshakeStatus();
        empty.bring(result.bytesProduced());
        if (result.getStatus() == Status.CLOSED) {
            isOver = true;
        } else if (result.getStatus() != Status.OK) {
            fail("a record that is too long");
        } else if (next == HandshakeStatus.NEED_TASK || next == HandshakeStatus.NEED_UNWRAP) {
            fail("it asks for another handshake");
        } else if (result.bytesProduced() == 0 && !empty.mayCome(result.bytesConsumed())) {
            fail("it asks for new keys again and again");
        } else if (next == HandshakeStatus.NEED_WRAP && owes.compareAndSet(false, true)) {
            owesAnswer.run();
        }
    }

    private void fail(String reason) {
        flaw = Optional.of(reason);
        isOver = true;
        forgetAnswers();
    }

    /**
     * Java keeps a cipher for each answer that it owes, megabytes for one record of requests for new keys, until it is encrypted. Here and
     * now: nobody reads them, and the event loop, which would send them before it closes the connection, has others to serve.
     */
    private void forgetAnswers() {
        ByteBuffer nowhere = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        try {
            boolean owesMore = true;
            while (owesMore && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                owesMore = engine.wrap(NOTHING, nowhere.clear()).bytesProduced() > 0;
            }
        } catch (SSLException e) {
            // it says what ends the session, which is over
        }
    }
}
