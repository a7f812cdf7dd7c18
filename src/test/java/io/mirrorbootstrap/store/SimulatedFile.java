package io.mirrorbootstrap.store;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;

/** A file of {@link SimulatedDisk}, whatever its names: what was written, and what of that was forced. Any thread. */
final class SimulatedFile {

    private final int number;
    private byte[] bytes = {};
    private byte[] forced = {};
    private int version;
    private int forcedVersion;
    /** How short it has been since it was forced. */
    private int shortest;
    /** Bytes that a force has failed to make durable, and that nobody has written since. */
    private final BitSet lost = new BitSet();

    SimulatedFile(int number) {
        this.number = number;
    }

    synchronized byte[] bytes() {
        return bytes;
    }

    synchronized int forcedBytes() {
        return forced.length;
    }

    synchronized FileFacts facts() {
        return new FileFacts(bytes.length, number + "@" + version, Instant.EPOCH.plusSeconds(version));
    }

    synchronized void replace(byte[] by) {
        bytes = by;
        shortest = Math.min(shortest, by.length);
        lost.clear();
        version++;
    }

    synchronized void write(ByteBuffer from, int position) {
        int end = position + from.remaining();
        bytes = Arrays.copyOf(bytes, Math.max(bytes.length, end));
        from.get(bytes, position, from.remaining());
        lost.clear(position, end);
        version++;
    }

    synchronized void truncate(long length) {
        if (length < bytes.length) {
            bytes = Arrays.copyOf(bytes, (int) length);
            shortest = Math.min(shortest, bytes.length);
            lost.clear(bytes.length, Integer.MAX_VALUE);
            version++;
        }
    }

    synchronized void force() {
        forced = bytes.clone();
        lost.stream().forEach(i -> forced[i] = 0);
        forcedVersion = version;
        shortest = bytes.length;
    }

    /** As kernels do: what was to be forced can be read, and is not forced again before it is written again. */
    synchronized void forceFailed() {
        for (int i = 0; i < bytes.length; i++) {
            if (i >= forced.length || bytes[i] != forced[i]) {
                lost.set(i);
            }
        }
    }

    synchronized SimulatedFile copy() {
        SimulatedFile copy = new SimulatedFile(number);
        copy.bytes = bytes;
        copy.forced = forced;
        copy.version = version;
        copy.forcedVersion = forcedVersion;
        copy.shortest = shortest;
        copy.lost.or(lost);
        return copy;
    }

    /** As a power cut may leave it: what was forced, unless it was written to since. */
    synchronized SimulatedFile afterPowerCut(Random random) {
        SimulatedFile after = new SimulatedFile(number);
        after.bytes = forced;
        after.version = forcedVersion;
        if (version != forcedVersion) {
            // of its pages, of its size and of its time any may have been written, whatever the others
            int length = shortest + random.nextInt(Math.max(forced.length, bytes.length) - shortest + 1);
            after.bytes = Arrays.copyOf(forced, length);
            for (int i = 0; i < length; i++) {
                boolean written = random.nextBoolean() && i < bytes.length && !lost.get(i);
                after.bytes[i] = written ? bytes[i] : after.bytes[i];
            }
            after.version = random.nextBoolean() ? version : forcedVersion;
        }
        after.force();
        return after;
    }
}
