package io.mirrorbootstrap.link;

import java.nio.ByteBuffer;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.TraceContext;
import io.netty.buffer.ByteBuf;

/**
 * All that a link needs of its connection: bytes in when it asks for them, frames out, timers of the event loop. Whatever carries
 * WebSocket frames may stand behind it.
 */
interface Transport {

    /** Hears what happens to the connection. Event loop only. */
    interface Listener {

        /** Takes what a read has brought, and releases it. */
        void arrived(ByteBuf bytes);

        /** Follows the last {@link #arrived} of the read that was asked for. */
        void arrivedAll();

        /** The link is to end. Nothing is heard after {@link Ending.LinkLost}. */
        void ends(Ending reason);
    }

    /** Asks for one more read; asking twice is the same as once. Event loop only. */
    void ask();

    /**
     * What has arrived, decrypted if need be, in the memory in which it arrived. The job only, in the order of arrival.
     *
     * @return readable from its position 0 to its limit; it may be empty
     */
    ByteBuffer plain(ByteBuf arrived);

    /** Whether {@link #pull} may be used at all: else every read is asked for. Always the same. Any thread. */
    boolean canPull();

    /**
     * Reads without waiting what has come since the last arrival, and decrypts it if need be. The job only, and only between an arrival
     * and the next {@link #ask}.
     *
     * @param into all of whose memory may be written
     * @param atMost how many bytes of the socket are read
     * @return the number of bytes at the beginning of {@code into}; 0 or less if there are none, and {@link #ask} tells why
     */
    int pull(ByteBuffer into, int atMost);

    /** Says whether a message is coming in: it must not take for ever. The thread that parses only. */
    void isMidway(boolean midway);

    /** Whether {@link #write} is taken at once, not only remembered. Event loop only. */
    boolean takesMore();

    /** Calls {@code action} once, when {@link #takesMore} is true again. Event loop only. */
    void whenItTakesMore(Runnable action);

    /** Sends {@code frames}, and releases them. Event loop only. */
    void write(ByteBuf frames);

    /** The close frame of this end has been written: with that of the other, the connection ends. Event loop only. */
    void saidGoodbye();

    /** The close frame of the source has come: with that of this end, the connection ends. Event loop only. */
    void heardGoodbye();

    /** Ends the connection without a word. Any thread. */
    void cut();

    /** Calls {@code action} on the event loop, after all that was handed to it before, unless the loop has ended. Any thread. */
    void onLoop(Runnable action);

    /**
     * Calls {@code action} on the event loop in {@code nanos} nanoseconds, or soon after the connection has ended, unless the loop has.
     * Any thread.
     */
    void later(long nanos, Runnable action);

    /** The address of the source, for the log. Any thread. */
    String remote();

    /** Of which trace the source has said in its handshake that it is a part. Any thread. */
    Optional<TraceContext> trace();
}
