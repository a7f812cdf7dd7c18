package io.mirrorbootstrap.ops;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorState;
import io.mirrorbootstrap.mirror.MirrorState.Bootstrapping;
import io.mirrorbootstrap.mirror.MirrorState.Disconnected;
import io.mirrorbootstrap.mirror.MirrorState.Failed;
import io.mirrorbootstrap.mirror.MirrorState.Following;

/** The sums of one database, or of several. One thread. */
final class DatabaseFigures {

    private final Map<String, Integer> states = new TreeMap<>();
    private long doneBytes;
    private long durableBytes;
    /** Of those whose size is known. */
    private long sizedBytes;
    private long sizedDoneBytes;
    private double lastChunkSeconds = -1;

    /** @param sinceLastChunk counts where a transfer is under way */
    void add(Mirror mirror, Duration sinceLastChunk) {
        MirrorState state = mirror.state();
        if (state instanceof Following following) {
            long bytes = following.snapshot().bytes();
            add(state, bytes, bytes, bytes);
        } else if (state instanceof Bootstrapping now) {
            add(state, now.bytesDone(), now.durableBytes(), now.identity().totalBytes());
            lastChunkSeconds = Math.max(lastChunkSeconds, Math.max(0, sinceLastChunk.toMillis() / 1e3));
        } else if (state instanceof Disconnected gone) {
            add(state, gone.bytesKept(), gone.durableBytes(), gone.identity().totalBytes());
        } else if (state instanceof Failed failed) {
            add(state, failed.bytesDone(), 0, failed.identity().totalBytes());
        }
    }

    /** @param size 0: of a stream, as it is not known */
    private void add(MirrorState state, long done, long durable, long size) {
        states.merge(state.word(), 1, Integer::sum);
        doneBytes += done;
        durableBytes += durable;
        if (size > 0) {
            sizedBytes += size;
            sizedDoneBytes += done;
        }
    }

    /** How many are in each state; only states that any is in. */
    Map<String, Integer> states() {
        return states;
    }

    long doneBytes() {
        return doneBytes;
    }

    long durableBytes() {
        return durableBytes;
    }

    /** From 0 to 1; empty where no size is known. */
    OptionalDouble progress() {
        return sizedBytes == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of((double) sizedDoneBytes / sizedBytes);
    }

    /** The longest; empty where no transfer is under way. */
    OptionalDouble lastChunkSeconds() {
        return lastChunkSeconds < 0 ? OptionalDouble.empty() : OptionalDouble.of(lastChunkSeconds);
    }
}
