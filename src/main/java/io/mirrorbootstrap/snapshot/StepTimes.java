package io.mirrorbootstrap.snapshot;

/** Is told how long the steps of receiving take, each that has succeeded. Any thread, with locks held: must return at once. */
@FunctionalInterface
public interface StepTimes {

    /** What is done with bytes of a snapshot. */
    enum Step {
        /** The head of a chunk is decoded, up to its payload. */
        DECODE,
        /** The CRC-32C of a slice of payload is computed. */
        CRC,
        /** A slice of payload is written. */
        WRITE,
        /** What was written is forced to the disk. */
        FORCE,
        /** A snapshot whose bytes are forced becomes the committed one. */
        COMMIT
    }

    /** Tells nobody. */
    StepTimes NONE = (step, nanos) -> {
    };

    /** @param nanos nanoseconds, 0 or more */
    void took(Step step, long nanos);

    /** As {@link #took}, for a step that began when {@link System#nanoTime} was {@code sinceNanos}. */
    default void tookSince(Step step, long sinceNanos) {
        took(step, System.nanoTime() - sinceNanos);
    }
}
