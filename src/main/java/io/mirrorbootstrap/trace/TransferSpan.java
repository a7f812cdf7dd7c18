package io.mirrorbootstrap.trace;

import java.util.Locale;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.wire.ErrorCode;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;

/**
 * The span of one transfer at the sidecar. A checkpoint is an event of it where a twentieth of the snapshot has become durable since the
 * last one, or of a stream as much as before: a transfer of terabytes has thousands. One thread at a time.
 */
final class TransferSpan {

    private static final int CHECKPOINTS = 20;

    private final BoundedSpan span;
    private final String transfer;
    private final long step;
    private long durable;
    private long resumes;

    /** Begins. */
    TransferSpan(Tracer tracer, TransferEvent.Began began) {
        SnapshotIdentity identity = began.identity();
        this.transfer = identity.transferId();
        this.step = identity.totalBytes() / CHECKPOINTS;
        this.durable = began.durableBytes();
        this.span = new BoundedSpan(tracer, "mirror_bootstrap.receive", SpanKind.SERVER, began.trace());
        span.set(BoundedSpan.DATABASE, identity.database().value());
        span.set(BoundedSpan.CLUSTER, Text.field(identity.sourceClusterId()));
        span.set(BoundedSpan.TRANSFER, transfer);
        span.set(BoundedSpan.LSN, identity.lsn());
        if (!identity.isStream()) {
            span.set(BoundedSpan.SIZE, identity.totalBytes());
        }
        span.set(BoundedSpan.OFFSET, began.bytesDone());
        if (began.bytesDone() > 0) {
            resumed(began.bytesDone());
        }
    }

    boolean isOf(SnapshotIdentity identity) {
        return transfer.equals(identity.transferId());
    }

    void resumed(TransferEvent.Began again) {
        span.joins(again.trace());
        resumed(again.bytesDone());
    }

    private void resumed(long offset) {
        resumes++;
        span.event("resumed", at(offset));
    }

    void progressed(TransferEvent.Progressed event) {
        if (event.durableBytes() - durable >= Math.max(1, step > 0 ? step : durable)) {
            durable = event.durableBytes();
            span.event("checkpoint", Attributes.of(BoundedSpan.OFFSET, event.bytesDone(), BoundedSpan.DURABLE,
                    durable));
        }
    }

    void verifying(TransferEvent.Verifying event) {
        span.event("verifying", Attributes.of(BoundedSpan.OFFSET, event.bytesKept(), BoundedSpan.REASON,
                word(event.reason())));
    }

    void kept(TransferEvent.Kept event) {
        span.event("kept", Attributes.of(BoundedSpan.OFFSET, event.bytesKept(), BoundedSpan.DURABLE,
                event.durableBytes(), BoundedSpan.REASON, word(event.reason())));
    }

    void refused(TransferEvent.Refused event) {
        span.event("refused", Attributes.of(BoundedSpan.ERROR, ErrorCode.of(event.refusal()).spelling()));
    }

    void committed(TransferEvent.Committed event) {
        span.set(BoundedSpan.SIZE, event.snapshot().bytes());
        span.set(BoundedSpan.LSN, event.snapshot().lsn());
        end("committed", at(event.snapshot().bytes()), Optional.empty());
    }

    void failed(TransferEvent.Failed event) {
        end("failed", at(event.bytesDone()), Optional.of(ErrorCode.of(event.refusal()).spelling()));
    }

    void dropped(TransferEvent.Dropped event) {
        boolean isMeant = event.reason() == DropReason.ABORTED || event.reason() == DropReason.REPLACED;
        String reason = word(event.reason());
        end("dropped", at(event.bytesDone()).toBuilder().put(BoundedSpan.REASON, reason).build(),
                isMeant ? Optional.empty() : Optional.of(reason));
    }

    /** Ends though its transfer may go on. */
    void endAsItIs(String how) {
        end(how, Attributes.empty(), Optional.empty());
    }

    private void end(String event, Attributes what, Optional<String> error) {
        span.set(BoundedSpan.RESUMES, resumes);
        span.end(event, what, error);
    }

    private static Attributes at(long offset) {
        return Attributes.of(BoundedSpan.OFFSET, offset);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
