package io.mirrorbootstrap.trace;

import java.util.Optional;

import io.mirrorbootstrap.snapshot.TraceContext;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;

/**
 * The span of one transfer, with at most {@value #MAX_EVENTS} events: of those beyond, the last one counts, which says how it has ended. Any
 * thread.
 */
final class BoundedSpan {

    static final int MAX_EVENTS = 64;
    static final int MAX_LINKS = 16;

    static final AttributeKey<String> DATABASE = AttributeKey.stringKey("mirror_bootstrap.database");
    static final AttributeKey<String> CLUSTER = AttributeKey.stringKey("mirror_bootstrap.cluster");
    static final AttributeKey<String> TRANSFER = AttributeKey.stringKey("mirror_bootstrap.transfer");
    static final AttributeKey<Long> LSN = AttributeKey.longKey("mirror_bootstrap.lsn");
    static final AttributeKey<Long> SIZE = AttributeKey.longKey("mirror_bootstrap.size");
    static final AttributeKey<Long> OFFSET = AttributeKey.longKey("mirror_bootstrap.offset");
    static final AttributeKey<Long> DURABLE = AttributeKey.longKey("mirror_bootstrap.durable");
    static final AttributeKey<Long> RESUMES = AttributeKey.longKey("mirror_bootstrap.resumes");
    static final AttributeKey<Long> SENT = AttributeKey.longKey("mirror_bootstrap.sent");
    static final AttributeKey<Long> RESENT = AttributeKey.longKey("mirror_bootstrap.resent");
    static final AttributeKey<String> REASON = AttributeKey.stringKey("mirror_bootstrap.reason");
    static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");

    private final Span span;
    /** The trace of its last source. */
    private Optional<TraceContext> parent;
    private int events;
    private int links;

    /** Begins. */
    BoundedSpan(Tracer tracer, String name, SpanKind kind, Optional<TraceContext> parent) {
        this.parent = parent;
        this.span = tracer.spanBuilder(name).setSpanKind(kind).setParent(W3c.context(parent)).startSpan();
    }

    SpanContext context() {
        return span.getSpanContext();
    }

    <T> void set(AttributeKey<T> key, T value) {
        span.setAttribute(key, value);
    }

    /** Something has happened; it is passed over where so much has. */
    synchronized void event(String name, Attributes what) {
        if (events < MAX_EVENTS - 1) { // one is left for the end
            events++;
            span.addEvent(name, what);
        }
    }

    /** It goes on as a part of another trace, too, if that is another one. */
    synchronized void joins(Optional<TraceContext> trace) {
        if (trace.isPresent() && !trace.equals(parent) && links < MAX_LINKS) {
            parent = trace;
            links++;
            span.addLink(Span.fromContext(W3c.context(trace)).getSpanContext());
        }
    }

    /**
     * It is over.
     *
     * @param error why it has failed, one of few words; empty where it has not
     */
    void end(String event, Attributes what, Optional<String> error) {
        span.addEvent(event, what);
        error.ifPresent(word -> {
            span.setAttribute(ERROR, word);
            span.setStatus(StatusCode.ERROR, word);
        });
        span.end();
    }
}
