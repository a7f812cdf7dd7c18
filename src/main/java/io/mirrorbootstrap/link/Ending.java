package io.mirrorbootstrap.link;

import java.time.Duration;

/** Why a link ends, apart from refusals that close it. {@link LinkEnd} says what the source is told of each. */
sealed interface Ending extends Inbound {

    /** A frame is longer than any chunk may be; its payload is not read. */
    record FrameTooLarge() implements Ending {
    }

    /** The bytes of the source found no memory; the rest of them cannot be read. */
    record NoMemory(String reason) implements Ending {
    }

    /** The bytes of the source are no WebSocket frames. */
    record NotWebSocket(String reason) implements Ending {
    }

    /** A text is not UTF-8. */
    record NotText(String reason) implements Ending {
    }

    /** A message is not whole after {@code limit}. */
    record TooSlow(Duration limit) implements Ending {
    }

    /** The token or certificate that has let the source in does so no more. */
    record LetInNoMore(String reason) implements Ending {
    }

    /** Another caller gets its place, because this one has more links than its share. */
    record MakesRoom(String reason) implements Ending {
    }

    /** The process is ending. */
    record Shutdown() implements Ending {
    }

    /** The connection is gone: nothing follows. */
    record LinkLost() implements Ending {
    }
}
