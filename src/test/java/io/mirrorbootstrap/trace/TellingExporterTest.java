package io.mirrorbootstrap.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;

/** What is said of a collector that is not there, and how often. */
class TellingExporterTest {

    private final List<String> said = new ArrayList<>();
    private long nanos = Long.MAX_VALUE - 1; // a clock may go past the end of its numbers
    private CompletableResultCode next;
    private final TellingExporter exporter = new TellingExporter(new SpanExporter() {
        @Override
        public CompletableResultCode export(Collection<SpanData> spans) {
            return next;
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }, "http://collector/v1/traces", said::add, () -> nanos);

    @Test
    void itIsSaidOnceInAWhileAndWhenItIsOver() {
        export(2, false);
        for (int i = 0; i < 599; i++) {
            nanos += TimeUnit.SECONDS.toNanos(1);
            export(1, false);
        }
        assertEquals(List.of("spans cannot be brought to http://collector/v1/traces, 2 are lost; transfers go on: "
                + "java.io.IOException: no\\nroute"), said);
        nanos += TimeUnit.SECONDS.toNanos(1);
        export(1, false);
        assertEquals(2, said.size());
        export(1, true);
        assertEquals("spans are brought to http://collector/v1/traces again, 602 are lost", said.get(2));
        export(1, true);
        assertEquals(3, said.size());
        export(1, false);
        assertEquals(4, said.size());
    }

    private void export(int spans, boolean succeeds) {
        next = succeeds
                ? CompletableResultCode.ofSuccess()
                : CompletableResultCode.ofExceptionalFailure(
                        new IllegalStateException(new IOException("no\nroute")));
        exporter.export(Collections.nCopies(spans, null));
    }
}
