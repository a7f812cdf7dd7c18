package io.mirrorbootstrap.trace;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.TraceContext;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;

/** From the domain's trace context to OpenTelemetry's, and back. Any thread. */
final class W3c {

    private static final W3CTraceContextPropagator PROPAGATOR = W3CTraceContextPropagator.getInstance();
    private static final String PARENT = "traceparent";
    private static final String STATE = "tracestate";

    private static final TextMapGetter<TraceContext> GETTER = new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(TraceContext from) {
            return List.of(PARENT, STATE);
        }

        @Override
        public String get(TraceContext from, String key) {
            return from == null ? null : key.equals(PARENT) ? from.parent() : key.equals(STATE) ? from.state() : null;
        }
    };

    private W3c() {
    }

    /** A context with that span, or with none. */
    static Context context(Optional<TraceContext> trace) {
        return PROPAGATOR.extract(Context.root(), trace.orElse(null), GETTER);
    }

    /** What is said of a span to whoever does a part of it. */
    static Optional<TraceContext> of(SpanContext span) {
        Map<String, String> headers = new HashMap<>();
        PROPAGATOR.inject(Context.root().with(Span.wrap(span)), headers, Map::put);
        return TraceContext.read(list(headers.get(PARENT)), list(headers.get(STATE)));
    }

    private static List<String> list(String value) {
        return value == null ? List.of() : List.of(value);
    }
}
