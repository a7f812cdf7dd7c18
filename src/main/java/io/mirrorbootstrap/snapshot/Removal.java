package io.mirrorbootstrap.snapshot;

/** What became of the wish to remove something. */
public sealed interface Removal {

    /** It is not there any more, or never was. */
    record Done() implements Removal {
    }

    /** The disk is at work for this database: ask again in a while, without keeping a thread. */
    record Busy() implements Removal {
    }

    /** It stays as it was. */
    record Refused(Refusal refusal) implements Removal {
    }
}
