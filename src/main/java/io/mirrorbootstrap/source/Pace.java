package io.mirrorbootstrap.source;

/** How long something takes for a byte: of what was seen last, the latest counts most. One thread. */
final class Pace {

    /** What is left of what was seen before, with each time that more is. */
    private static final double REMEMBERED = 0.8;

    private double bytes;
    private double nanos;

    /** So many bytes have taken so long. */
    void took(long someBytes, long someNanos) {
        bytes = REMEMBERED * bytes + someBytes;
        nanos = REMEMBERED * nanos + someNanos;
    }

    /** Whether anything was seen. */
    boolean isKnown() {
        return bytes > 0;
    }

    /** For a byte; 0 where nothing was seen. */
    double nanosPerByte() {
        return isKnown() ? nanos / bytes : 0;
    }
}
