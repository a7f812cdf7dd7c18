package io.mirrorbootstrap.link;

import io.mirrorbootstrap.wire.Answer;

/** What became of a message that was gone on with. */
sealed interface Further {

    /** It is finished. */
    record Answered(Answer answer) implements Further {
    }

    /** It got further: ask again, if it is still unfinished. */
    record GoingOn() implements Further {
    }

    /** It did not: ask again in a while. */
    record Busy() implements Further {
    }
}
