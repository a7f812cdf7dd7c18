package io.mirrorbootstrap.trace;

import java.io.IOException;
import java.util.Locale;
import java.util.Optional;

import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;

import org.eclipse.microprofile.config.Config;
import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;

/**
 * Traces the transfers of the service, where a collector is named in its configuration. What is wrong with that is told, and stops nothing: a
 * mirror must not go without its data for want of a trace. Any thread.
 */
@Singleton
final class TransferTracing implements TransferListener {

    private static final Logger LOG = Logger.getLogger(TransferTracing.class);

    private final Optional<Traces> traces;
    private final Optional<TransferSpans> spans;

    TransferTracing(Config config) {
        this.traces = traces(config);
        this.spans = traces.map(to -> new TransferSpans(to.tracer(), System::nanoTime));
    }

    private static Optional<Traces> traces(Config config) {
        try {
            Optional<TraceSettings> settings = TraceSettings.read(
                    name -> config.getOptionalValue(name.toLowerCase(Locale.ROOT).replace('_', '.'), String.class),
                    "mirror-bootstrap");
            if (settings.isEmpty()) {
                return Optional.empty();
            }
            Traces to = new Traces(settings.get(), LOG::warn);
            LOG.infof("the spans of transfers are brought to %s", settings.get().shown());
            return Optional.of(to);
        } catch (IOException | RuntimeException e) {
            LOG.warnf("transfers are not traced: %s", Text.readable(String.valueOf(e.getMessage())));
            return Optional.empty();
        }
    }

    @Override
    public boolean isListening() {
        return spans.isPresent();
    }

    @Override
    public void on(TransferEvent event) {
        spans.ifPresent(all -> all.on(event));
    }

    /** Behind the ends of all links. */
    @PreDestroy
    void end() {
        spans.ifPresent(TransferSpans::end);
        traces.ifPresent(Traces::close);
    }
}
