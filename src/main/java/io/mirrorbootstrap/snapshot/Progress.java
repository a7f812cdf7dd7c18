package io.mirrorbootstrap.snapshot;

/** How far a transfer is. Both in bytes, {@code durableBytes} at most {@code bytesDone}. */
public record Progress(long bytesDone, long durableBytes) {
}
