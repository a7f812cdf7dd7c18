package io.mirrorbootstrap.trace;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.TraceContext;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;

/**
 * The span of one snapshot that is sent, where the environment names a collector; else the part of a trace that the environment itself is,
 * if it is one. One thread.
 */
public final class SendTrace implements AutoCloseable {

    private final Optional<TraceContext> surrounding;
    private final Optional<Traces> traces;
    private final boolean isPart;
    private Optional<BoundedSpan> span;

    private SendTrace(Optional<TraceContext> surrounding, Optional<Traces> traces, boolean isPart) {
        this.surrounding = surrounding;
        this.traces = traces;
        this.isPart = isPart;
        this.span = traces
                .map(to -> new BoundedSpan(to.tracer(), "mirror_bootstrap.send", SpanKind.CLIENT, surrounding));
    }

    /**
     * Begins. What is wrong with the environment is said, and changes nothing else.
     *
     * @param environment of the process
     * @param says a line for a person; seldom called, by any thread
     */
    public static SendTrace begin(Map<String, String> environment, Consumer<String> says) {
        Optional<Traces> traces = Optional.empty();
        try {
            Optional<TraceSettings> settings = TraceSettings.read(
                    name -> Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank()),
                    "mirror-bootstrap-send");
            if (settings.isPresent()) {
                traces = Optional.of(new Traces(settings.get(), says));
            }
        } catch (IOException | RuntimeException e) {
            says.accept("what is sent is not traced: " + Text.readable(String.valueOf(e.getMessage())));
        }
        return new SendTrace(surrounding(environment), traces, false);
    }

    /** What tools of CI, and others that trace what they start, say of themselves. */
    private static Optional<TraceContext> surrounding(Map<String, String> environment) {
        return TraceContext.read(Stream.ofNullable(environment.get("TRACEPARENT")).toList(),
                Stream.ofNullable(environment.get("TRACESTATE")).toList());
    }

    /** What the sidecar is told: its span is a part of that. */
    public Optional<TraceContext> context() {
        return span.isPresent() ? W3c.of(span.get().context()) : surrounding;
    }

    /** The span of one of several mirrors, below this one, which is closed last. May be used by another thread. */
    public SendTrace part() {
        return new SendTrace(context(), traces, true);
    }

    /** What is sent, and as what. */
    public void isOf(DatabaseId database, String cluster) {
        span.ifPresent(open -> {
            open.set(BoundedSpan.DATABASE, database.value());
            open.set(BoundedSpan.CLUSTER, Text.field(cluster));
        });
    }

    /** The name in the logs of both ends. */
    public void named(String transfer) {
        span.ifPresent(open -> open.set(BoundedSpan.TRANSFER, transfer));
    }

    /** The sidecar has opened it: it is sent from here on. */
    public void opened(long offset) {
        span.ifPresent(open -> open.event(offset == 0 ? "opened" : "resumed",
                Attributes.of(BoundedSpan.OFFSET, offset)));
    }

    /** An attempt has failed, and another is made. */
    public void retrying(long offset, String error) {
        span.ifPresent(open -> open.event("retrying",
                Attributes.of(BoundedSpan.OFFSET, offset, BoundedSpan.ERROR, Text.readable(error))));
    }

    /** What it has taken. Sizes in bytes. */
    public void took(long lsn, long sent, long resent, int resumes) {
        span.ifPresent(open -> {
            open.set(BoundedSpan.LSN, lsn);
            open.set(BoundedSpan.SENT, sent);
            open.set(BoundedSpan.RESENT, resent);
            open.set(BoundedSpan.RESUMES, (long) resumes);
        });
    }

    /** The sidecar has the snapshot, of {@code size} bytes. */
    public void committed(long size) {
        span.ifPresent(open -> open.set(BoundedSpan.SIZE, size));
        end("committed", Optional.empty());
    }

    /** @param error one of few words */
    public void failed(String error) {
        end("failed", Optional.of(Text.readable(error)));
    }

    private void end(String event, Optional<String> error) {
        span.ifPresent(open -> open.end(event, Attributes.empty(), error));
        span = Optional.empty();
    }

    /** Brings the span to the collector, for at most 1.5 seconds; one that has not ended has failed. */
    @Override
    public void close() {
        failed("failed");
        if (!isPart) {
            traces.ifPresent(Traces::close);
        }
    }
}
