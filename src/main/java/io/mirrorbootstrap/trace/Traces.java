package io.mirrorbootstrap.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.exporter.internal.http.HttpSenderProvider;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporterBuilder;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;

/**
 * Brings spans to a collector, on threads of its own. A span that ends waits for that in a queue of at most {@value #WAITING_SPANS}; beyond
 * these it is lost. Nobody who makes a span waits. Any thread.
 */
final class Traces implements AutoCloseable {

    static final int WAITING_SPANS = 256;

    private static final int SPANS_AT_ONCE = 64;
    private static final Duration BETWEEN_EXPORTS = Duration.ofSeconds(1);
    /** For one export with its repetitions. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** More than that: exports do not overlap. */
    private static final Duration LONGEST_EXPORT = PATIENCE.multipliedBy(2);
    private static final long CLOSING_MILLIS = 1_500;

    private final SdkTracerProvider provider;

    /**
     * @param settings where to
     * @param says a line for a person; seldom called, by any thread
     * @throws IOException when the file of authorities cannot be read
     * @throws IllegalArgumentException when it is none, with a message
     */
    Traces(TraceSettings settings, Consumer<String> says) throws IOException {
        OtlpHttpSpanExporterBuilder exporter = OtlpHttpSpanExporter.builder()
                .setEndpoint(settings.collector().toString()).setTimeout(PATIENCE).setComponentLoader(new Sender());
        settings.headers().forEach(exporter::addHeader);
        if (settings.certificate().isPresent()) {
            try {
                exporter.setTrustedCertificates(Files.readAllBytes(Path.of(settings.certificate().get())));
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("OTEL_EXPORTER_OTLP_CERTIFICATE is no name of a file", e);
            }
        }
        AttributesBuilder resource = Attributes.builder();
        settings.resource().forEach(resource::put);
        this.provider = SdkTracerProvider.builder()
                .setResource(Resource.getDefault().merge(Resource.create(resource.build())))
                .addSpanProcessor(BatchSpanProcessor
                        .builder(new TellingExporter(exporter.build(), settings.shown(), says, System::nanoTime))
                        .setMaxQueueSize(WAITING_SPANS).setMaxExportBatchSize(SPANS_AT_ONCE)
                        .setScheduleDelay(BETWEEN_EXPORTS).setExporterTimeout(LONGEST_EXPORT).build())
                .build();
    }

    Tracer tracer() {
        return provider.get("io.mirrorbootstrap");
    }

    /** Brings what waits, for at most 1.5 seconds; what is left then is lost. */
    @Override
    public void close() {
        provider.shutdown().join(CLOSING_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Has the exporter bring its requests by {@link CollectorClient}, and finds nothing else. */
    private static final class Sender implements ComponentLoader {

        @Override
        public <T> Iterable<T> load(Class<T> service) {
            HttpSenderProvider sender = CollectorClient::new;
            return service.isInstance(sender) ? List.of(service.cast(sender)) : List.of();
        }
    }
}
