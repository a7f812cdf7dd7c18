package io.mirrorbootstrap.snapshot;

import java.time.Duration;

/**
 * For how long a transfer waits for its source.
 *
 * @param ofFiles of a snapshot whose size is known: whoever has its file can send it again
 * @param ofStreams of one whose size only its end will tell: when the program that writes it has ended nobody can go on
 */
public record Retention(Duration ofFiles, Duration ofStreams) {

    /** The shorter one of both. */
    public Duration shorter() {
        return ofFiles.compareTo(ofStreams) < 0 ? ofFiles : ofStreams;
    }

    Duration of(SnapshotIdentity identity) {
        return identity.isStream() ? ofStreams : ofFiles;
    }
}
