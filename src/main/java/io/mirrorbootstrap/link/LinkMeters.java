package io.mirrorbootstrap.link;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.access.RefusalCounts;
import io.mirrorbootstrap.snapshot.StepTimes;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ErrorCode;
import io.quarkus.runtime.Startup;

/** Counts what links bring, what they are refused, and why their sockets are not read for a while. Any thread. */
@Singleton
@Startup // its meters are there before the first link is
class LinkMeters {

    /** Why reading stops. */
    enum Pause {
        /** All links together hold as much as they may, or those of one caller, or this one. */
        BUDGET,
        /** More is not due yet. */
        RATE,
        /** A message waits for the disk, or for its database. */
        DISK,
        /** A message waits until others have decoded theirs. */
        DECODING,
        /** The source does not read its answers. */
        ANSWERS
    }

    private final Counter receivedBytes;
    private final Counter receivedChunks;
    private final Counter compressedBytes;
    private final Map<Pause, Counter> pauses = new EnumMap<>(Pause.class);
    private final RefusalCounts refusals;
    private final StepTimes times;

    @Inject
    LinkMeters(MeterRegistry metrics, RefusalCounts refusals, StepTimes times) {
        this.times = times;
        this.refusals = refusals;
        this.receivedBytes = Counter.builder("mirror.bootstrap.received.bytes")
                .description("payload that links have brought, accepted or not").baseUnit("bytes").register(metrics);
        this.receivedChunks = Counter.builder("mirror.bootstrap.received.chunks")
                .description("whole chunks that links have brought, accepted or not").register(metrics);
        this.compressedBytes = Counter.builder("mirror.bootstrap.compressed.bytes")
                .description("what the compressed part of received bytes has taken on links").baseUnit("bytes")
                .register(metrics);
        for (Pause reason : Pause.values()) {
            pauses.put(reason, Counter.builder("mirror.bootstrap.socket.pauses")
                    .description("how often a link's socket was left unread for a while")
                    .tag("reason", reason.name().toLowerCase(Locale.ROOT)).register(metrics));
        }
    }

    /** Meters without the times of steps. */
    LinkMeters(MeterRegistry metrics) {
        this(metrics, new RefusalCounts(metrics), StepTimes.NONE);
    }

    /** A part of a payload has come, of {@code bytes} bytes. */
    void received(long bytes) {
        receivedBytes.increment(bytes);
    }

    /** A payload has come whole, of {@code bytes} bytes, and has taken {@code taken} on its way. */
    void receivedCompressed(int bytes, long taken) {
        received(bytes);
        compressedBytes.increment(taken);
    }

    /** Is told how long the steps of receiving take. */
    StepTimes times() {
        return times;
    }

    void receivedChunk() {
        receivedChunks.increment();
    }

    /** From now on nothing more is read. */
    void paused(Pause reason) {
        pauses.get(reason).increment();
    }

    void refused(Answer.Refused answer) {
        refusals.count(ErrorCode.of(answer.refusal()));
    }
}
