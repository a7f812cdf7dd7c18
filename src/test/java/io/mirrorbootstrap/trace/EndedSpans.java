package io.mirrorbootstrap.trace;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;

/** The spans that have ended, in their order. One thread. */
final class EndedSpans implements SpanExporter {

    private final List<SpanData> spans = new ArrayList<>();

    /** Makes spans that come here. */
    Tracer tracer() {
        return SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(this)).build().get("test");
    }

    List<SpanData> all() {
        return List.copyOf(spans);
    }

    /** The one that there is. */
    SpanData one() {
        if (spans.size() != 1) {
            throw new AssertionError(spans.toString());
        }
        return spans.get(0);
    }

    /** The names of its events. */
    List<String> events() {
        return one().getEvents().stream().map(EventData::getName).toList();
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> ended) {
        spans.addAll(ended);
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
    }
}
