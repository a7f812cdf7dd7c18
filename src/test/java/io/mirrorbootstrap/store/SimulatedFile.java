package io.mirrorbootstrap.store;

import java.time.Instant;
import java.util.Arrays;
import java.util.Random;

/** A file of {@link SimulatedDisk}, whatever its names: what was written, and what of that was forced. */
final class SimulatedFile {

    private final int number;
    private byte[] bytes = {};
    private byte[] forced = {};
    private int version;
    private int forcedVersion;
    /** How short it has been since it was forced. */
    private int shortest;

    SimulatedFile(int number) {
        this.number = number;
    }

    byte[] bytes() {
        return bytes;
    }

    int forcedBytes() {
        return forced.length;
    }

    FileFacts facts() {
        return new FileFacts(bytes.length, number + "@" + version, Instant.EPOCH.plusSeconds(version));
    }

    void replace(byte[] by) {
        bytes = by;
        shortest = Math.min(shortest, by.length);
        version++;
    }

    void force() {
        forced = bytes;
        forcedVersion = version;
        shortest = bytes.length;
    }

    SimulatedFile copy() {
        SimulatedFile copy = new SimulatedFile(number);
        copy.bytes = bytes;
        copy.forced = forced;
        copy.version = version;
        copy.forcedVersion = forcedVersion;
        copy.shortest = shortest;
        return copy;
    }

    /** As a power cut may leave it: what was forced, unless it was written to since. */
    SimulatedFile afterPowerCut(Random random) {
        SimulatedFile after = new SimulatedFile(number);
        after.bytes = forced;
        after.version = forcedVersion;
        if (version != forcedVersion) {
            // of its pages, of its size and of its time any may have been written, whatever the others
            int length = shortest + random.nextInt(Math.max(forced.length, bytes.length) - shortest + 1);
            after.bytes = Arrays.copyOf(forced, length);
            for (int i = 0; i < length; i++) {
                boolean written = random.nextBoolean() && i < bytes.length;
                after.bytes[i] = written ? bytes[i] : after.bytes[i];
            }
            after.version = random.nextBoolean() ? version : forcedVersion;
        }
        after.force();
        return after;
    }
}
