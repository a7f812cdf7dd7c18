package io.mirrorbootstrap.link;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Shares;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkDecoder;

/** The bounds of a link, as configured. */
@Singleton
class LinkLimits {

    /** So many that a source may write small chunks for a round trip; the memory that takes is in {@link Answers}. */
    private static final int WINDOW_MESSAGES = 1024;

    private final int maxChunkBytes;
    /** How much payload a source may have unanswered, in bytes; told, not enforced: the buffers are bounded anyway. */
    private final long windowBytes;
    /** How much of a transfer that was opened may be received and not be durable, in bytes. */
    private final long checkpointBytes;
    private final Duration idleTimeout;
    private final boolean readByWorkers;
    private final int maxLinks;
    private final int maxLinksPerCaller;
    private final ZstdPlaces zstd;

    LinkLimits(MirrorSettings settings, Callers callers) {
        this.maxChunkBytes = (int) settings.maxChunkBytes();
        this.windowBytes = settings.windowBytes();
        this.checkpointBytes = settings.checkpointBytes();
        this.idleTimeout = settings.idleTimeout();
        this.readByWorkers = settings.readByWorkers();
        this.maxLinks = settings.maxLinks();
        this.maxLinksPerCaller = Shares.of(settings).links();
        this.zstd = new ZstdPlaces(settings, callers, System::nanoTime);
    }

    /** The largest payload of one chunk, in bytes. */
    int maxChunkBytes() {
        return maxChunkBytes;
    }

    /** How many messages a source may have unanswered: as many answers are held for it until it reads them. */
    int windowMessages() {
        return WINDOW_MESSAGES;
    }

    /**
     * What a source is told that may send.
     *
     * @param takesZstd whether chunks may be compressed
     */
    Answer.Opened tell(DatabaseId database, OpenOutcome.Opened opened, boolean takesZstd) {
        return new Answer.Opened(database, opened.offset(), maxChunkBytes, windowBytes,
                OptionalLong.of(WINDOW_MESSAGES),
                OptionalLong.of(checkpointBytes), Optional.of(opened.crc32c()).filter(any -> opened.offset() > 0),
                takesZstd);
    }

    /** The largest frame, in bytes: the largest chunk in one frame, in the form that takes two bytes for one. */
    int maxFrameBytes() {
        return 2 * maxChunkBytes + ChunkDecoder.MAX_ENVELOPE_BYTES;
    }

    /** How many links may be open at once. */
    int maxLinks() {
        return maxLinks;
    }

    /** How many of them may be of one caller, where callers are told apart. */
    int maxLinksPerCaller() {
        return maxLinksPerCaller;
    }

    /** Of all links together: who may decode compressed chunks. */
    ZstdPlaces zstd() {
        return zstd;
    }

    /** Whether a job reads its socket itself where it can. */
    boolean readByWorkers() {
        return readByWorkers;
    }

    /** A link on which nothing arrives for so long is dropped. */
    Duration idleTimeout() {
        return idleTimeout;
    }
}
