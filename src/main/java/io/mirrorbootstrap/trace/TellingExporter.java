package io.mirrorbootstrap.trace;

import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import io.mirrorbootstrap.snapshot.Text;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;

/**
 * Says when spans cannot be brought to their collector, the first time and then every ten minutes at most, and when that is over. Any
 * thread.
 */
final class TellingExporter implements SpanExporter {

    private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final SpanExporter exporter;
    private final String collector;
    private final Consumer<String> says;
    private final LongSupplier nanoTime;
    private long lost;
    private long toldNanos;

    /**
     * @param collector for a person
     * @param nanoTime a clock that only goes forward
     */
    TellingExporter(SpanExporter exporter, String collector, Consumer<String> says, LongSupplier nanoTime) {
        this.exporter = exporter;
        this.collector = collector;
        this.says = says;
        this.nanoTime = nanoTime;
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        int count = spans.size();
        CompletableResultCode result = exporter.export(spans);
        return result.whenComplete(() -> ended(result, count));
    }

    private synchronized void ended(CompletableResultCode result, int count) {
        long now = nanoTime.getAsLong();
        if (result.isSuccess()) {
            if (lost > 0) {
                says.accept("spans are brought to " + collector + " again, " + lost + " are lost");
                lost = 0;
            }
            return;
        }
        boolean isDue = lost == 0 || now - toldNanos >= AGAIN_NANOS;
        lost += count;
        if (isDue) {
            toldNanos = now;
            says.accept("spans cannot be brought to " + collector + ", " + lost + " are lost; transfers go on"
                    + reason(result.getFailureThrowable()).map(text -> ": " + text).orElse(""));
        }
    }

    /** What is at the bottom of it: those above only say that it has failed. */
    private static Optional<String> reason(Throwable failure) {
        Throwable cause = failure;
        while (cause != null && cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        return Optional.ofNullable(cause).filter(any -> any != failure || any.getMessage() != null)
                .map(any -> Text.readable(any.toString()));
    }

    @Override
    public CompletableResultCode flush() {
        return exporter.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
        return exporter.shutdown();
    }
}
