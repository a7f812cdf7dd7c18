package io.mirrorbootstrap.trace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferListener;
import io.opentelemetry.api.trace.Tracer;

/**
 * The span of each transfer, from its first source in this process to its end. At most {@value #MAX_OPEN} are open: for another, the one of
 * which nothing has been heard for longest ends as it is. Of transfers that begin without end, {@value #BURST} have a span, and
 * {@value #PER_SECOND} a second from then on. Any thread.
 */
final class TransferSpans implements TransferListener {

    static final int MAX_OPEN = 256;
    static final int BURST = 100;
    static final int PER_SECOND = 10;

    private static final long NANOS_FOR_ONE = TimeUnit.SECONDS.toNanos(1) / PER_SECOND;

    private final Tracer tracer;
    private final LongSupplier nanoTime;
    private final Map<DatabaseId, TransferSpan> open = new LinkedHashMap<>(16, 0.75f, true);
    private int left = BURST;
    private long countedNanos;

    /** @param nanoTime a clock that only goes forward */
    TransferSpans(Tracer tracer, LongSupplier nanoTime) {
        this.tracer = tracer;
        this.nanoTime = nanoTime;
        this.countedNanos = nanoTime.getAsLong();
    }

    @Override
    public synchronized void on(TransferEvent event) {
        if (event instanceof TransferEvent.Began began) {
            began(began);
            return;
        }
        TransferSpan span = open.get(event.database());
        if (span == null) {
            return; // an earlier process has begun it, or it is one too many
        }
        if (event instanceof TransferEvent.Progressed progressed) {
            span.progressed(progressed);
        } else if (event instanceof TransferEvent.Verifying verifying) {
            span.verifying(verifying);
        } else if (event instanceof TransferEvent.Refused refused && refused.cause().isPresent()) {
            span.refused(refused);
        } else if (event instanceof TransferEvent.Kept kept) {
            span.kept(kept);
            endIf(kept.reason() == KeptReason.PROCESS_ENDING, event, "interrupted");
        } else if (event instanceof TransferEvent.Committed committed) {
            open.remove(event.database());
            span.committed(committed);
        } else if (event instanceof TransferEvent.Failed failed) {
            open.remove(event.database());
            span.failed(failed);
        } else if (event instanceof TransferEvent.Dropped dropped) {
            open.remove(event.database());
            span.dropped(dropped);
        }
    }

    private void began(TransferEvent.Began event) {
        TransferSpan before = open.get(event.database());
        if (before != null && before.isOf(event.identity())) {
            before.resumed(event);
            return;
        }
        endIf(before != null, event, "replaced");
        if (mayBegin()) {
            if (open.size() == MAX_OPEN) {
                open.remove(open.keySet().iterator().next()).endAsItIs("forgotten");
            }
            open.put(event.database(), new TransferSpan(tracer, event));
        }
    }

    private void endIf(boolean isOver, TransferEvent event, String how) {
        if (isOver) {
            open.remove(event.database()).endAsItIs(how);
        }
    }

    private boolean mayBegin() {
        long more = (nanoTime.getAsLong() - countedNanos) / NANOS_FOR_ONE;
        left = (int) Math.min(BURST, left + more);
        countedNanos += more * NANOS_FOR_ONE;
        if (left > 0) {
            left--;
            return true;
        }
        return false;
    }

    /** The process is ending: what is open has ended as it is. */
    synchronized void end() {
        List<TransferSpan> all = new ArrayList<>(open.values());
        open.clear();
        all.forEach(span -> span.endAsItIs("interrupted"));
    }
}
