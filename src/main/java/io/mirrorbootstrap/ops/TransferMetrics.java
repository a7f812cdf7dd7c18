package io.mirrorbootstrap.ops;

import java.time.Duration;

import jakarta.inject.Singleton;

import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.quarkus.runtime.Startup;

/** Counts what becomes of transfers. */
@Singleton
@Startup // its meters are there before the first transfer is
class TransferMetrics implements TransferListener {

    private final MeterRegistry metrics;

    TransferMetrics(MeterRegistry metrics) {
        this.metrics = metrics;
        for (String outcome : new String[]{"begun", "committed", "failed", "disconnected", "dropped", "expired"}) {
            count(outcome, 0); // there from the start, so that a rate over them means something
        }
    }

    @Override
    public void on(TransferEvent event) {
        if (event instanceof TransferEvent.Began) {
            count("begun", 1);
        } else if (event instanceof TransferEvent.Committed committed) {
            count("committed", 1);
            metrics.counter("mirror.bootstrap.committed.bytes").increment(committed.snapshot().bytes());
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
        metrics.counter("mirror.bootstrap.transfers", "outcome", outcome).increment(by);
    }

    private void time(Duration took) {
        metrics.timer("mirror.bootstrap.transfer.duration").record(took);
    }
}
