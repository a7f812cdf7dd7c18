package io.mirrorbootstrap.source;

import io.mirrorbootstrap.wire.Answer;

/** What the event loop tells the sending thread. */
sealed interface LinkEvent {

    /** The sidecar said something. */
    record Answered(Answer answer) implements LinkEvent {
    }

    /** The sidecar said something that is no answer. */
    record Unreadable(String reason) implements LinkEvent {
    }

    /** All of this chunk has gone to the socket: its memory may be used again, if nothing else of it is on its way. */
    record Written(ChunkMessage chunk) implements LinkEvent {
    }

    /** There may be room for more to send, or others go on without this mirror. */
    record Woken() implements LinkEvent {
    }

    /**
     * The link is gone; nothing comes after this.
     *
     * @param code the close code, {@link Outcome.LinkLost#CUT} without one
     */
    record Closed(int code, String reason) implements LinkEvent {
    }
}
