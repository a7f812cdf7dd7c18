package io.mirrorbootstrap.link;

import io.netty.buffer.ByteBuf;

/** What the event loop hands to the job of a link, in the order in which it came: bytes, or the reason for the end. */
sealed interface Inbound permits Inbound.Bytes, Ending {

    /**
     * What one read has brought. Holds memory until it is released.
     *
     * @param data as it came
     */
    record Bytes(ByteBuf data) implements Inbound {

        /** What keeping one costs beside its bytes: a flood of tiny ones is bounded too. */
        private static final int OVERHEAD_BYTES = 256;

        /** The bytes that it holds until it is released. */
        int cost() {
            return OVERHEAD_BYTES + data.capacity();
        }
    }
}
