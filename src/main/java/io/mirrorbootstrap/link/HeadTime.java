package io.mirrorbootstrap.link;

import io.mirrorbootstrap.snapshot.StepTimes;
import io.mirrorbootstrap.snapshot.StepTimes.Step;

/**
 * How long the head of a chunk takes to be decoded, from its first byte to that of its payload, without the waits for more bytes.
 * Payload itself costs no look at a clock, however small its pieces are. One thread at a time.
 */
final class HeadTime {

    private final StepTimes times;
    private long nanos;
    private long sinceNanos;
    private boolean isRunning;
    private boolean isOver;

    HeadTime(StepTimes times) {
        this.times = times;
    }

    /** A piece of the message is about to be decoded. */
    void goesOn() {
        if (!isOver) {
            sinceNanos = System.nanoTime();
            isRunning = true;
        }
    }

    /** The piece is decoded. */
    void rests() {
        if (isRunning) {
            nanos += System.nanoTime() - sinceNanos;
            isRunning = false;
        }
    }

    /** The payload begins, or the message ends without one. */
    void isOver() {
        if (!isOver) {
            rests();
            isOver = true;
            times.took(Step.DECODE, nanos);
        }
    }

    /** The next chunk begins. */
    void clear() {
        nanos = 0;
        isRunning = false;
        isOver = false;
    }
}
