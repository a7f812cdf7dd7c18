package io.mirrorbootstrap.ops;

import java.time.Duration;

import jakarta.inject.Singleton;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.quarkus.runtime.Startup;

/** Counts what becomes of transfers, and of their bytes. */
@Singleton
@Startup // its meters are there before the first transfer is
class TransferMetrics implements TransferListener {

    private final MeterRegistry metrics;
    private final Counter committedBytes;
    private final Timer duration;
    private final Counter resumes;
    private final Counter savedBytes;
    private final Counter resentBytes;
    private final ResentBytes resent = new ResentBytes();

    TransferMetrics(MeterRegistry metrics) {
        this.metrics = metrics;
        for (String outcome : new String[]{"begun", "committed", "failed", "disconnected", "dropped", "expired"}) {
            count(outcome, 0); // there from the start, so that a rate over them means something
        }
        this.committedBytes = bytes("committed", "of snapshots that were committed");
        this.savedBytes = bytes("saved", "that were kept when a source came back, and need not be sent again");
        this.resentBytes = bytes("resent", "that were accepted in this process, given up, and sent again");
        this.resumes = Counter.builder("mirror.bootstrap.resumes")
                .description("how often a transfer has gone on behind its first byte").register(metrics);
        this.duration = Timer.builder("mirror.bootstrap.transfer.duration")
                .description("how long committed transfers took on their last link").register(metrics);
    }

    private Counter bytes(String which, String description) {
        return Counter.builder("mirror.bootstrap." + which + ".bytes").description("bytes " + description)
                .baseUnit("bytes").register(metrics);
    }

    @Override
    public void on(TransferEvent event) {
        resentBytes.increment(resent.by(event));
        if (event instanceof TransferEvent.Began began) {
            count("begun", 1);
            if (began.bytesDone() > 0) {
                resumes.increment();
                savedBytes.increment(began.bytesDone());
            }
        } else if (event instanceof TransferEvent.Committed committed) {
            count("committed", 1);
            committedBytes.increment(committed.snapshot().bytes());
            if (!committed.took().isZero()) { // else it was finished long after its source had come
                time(committed.took());
            }
        } else if (event instanceof TransferEvent.Failed) {
            count("failed", 1);
        } else if (event instanceof TransferEvent.Kept kept) {
            if (kept.reason() == KeptReason.LINK_LOST) {
                count("disconnected", 1);
            } else if (kept.reason() == KeptReason.DISK_FAILED) {
                count("failed", 1);
            }
        } else if (event instanceof TransferEvent.Dropped dropped) {
            count(dropped.reason() == TransferEvent.DropReason.EXPIRED ? "expired" : "dropped", 1);
        }
    }

    private void count(String outcome, int by) {
        Counter.builder("mirror.bootstrap.transfers").description("transfers, by what has become of them")
                .tag("outcome", outcome).register(metrics).increment(by);
    }

    private void time(Duration took) {
        duration.record(took);
    }
}
