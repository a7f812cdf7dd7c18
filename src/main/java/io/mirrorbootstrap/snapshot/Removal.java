package io.mirrorbootstrap.snapshot;

/** The answer to a caller that wishes to remove something. */
public sealed interface Removal {

    /** It is not there any more, or never was. */
    record Done() implements Removal {
    }

    /** The disk is at work for this database: the caller asks again in a while, without keeping a thread. */
    record Busy() implements Removal {
    }

    /** It is not the one that is meant: nothing has changed. */
    record Another() implements Removal {
    }

    /** It stays as it was. */
    record Refused(Refusal refusal) implements Removal {
    }
}
