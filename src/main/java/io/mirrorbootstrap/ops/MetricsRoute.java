package io.mirrorbootstrap.ops;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/**
 * Answers {@code /q/metrics} in front of Quarkus' own route, which needs a worker: while all of these wait for the disk, whatever asks
 * for metrics would be kept in their queue, even when it is gone. No meter here waits for anything. Event loop only.
 */
@ApplicationScoped
class MetricsRoute {

    private static final String PATH = "/q/metrics";

    /** Before Quarkus' own, behind what lets callers in. */
    private static final int ORDER = -1;

    private static final Duration COUNTS_FOR = Duration.ofMillis(100);

    private final PrometheusMeterRegistry metrics;
    /** Of the two formats, the last texts. */
    private final Map<String, Scraped> scraped = new ConcurrentHashMap<>();
    private final boolean hasPortOfItsOwn;

    MetricsRoute(PrometheusMeterRegistry metrics,
            @ConfigProperty(name = "quarkus.management.enabled", defaultValue = "false") boolean hasPortOfItsOwn) {
        this.metrics = metrics;
        this.hasPortOfItsOwn = hasPortOfItsOwn;
    }

    void register(@Observes Router router) {
        if (!hasPortOfItsOwn) {
            router.route(PATH).order(ORDER).handler(this::answer);
        }
    }

    void register(@Observes ManagementInterface management) {
        management.router().route(PATH).order(ORDER).handler(this::answer);
    }

    private void answer(RoutingContext request) {
        String type = type(Optional.ofNullable(request.request().getHeader(HttpHeaders.ACCEPT)).orElse(""));
        request.response().putHeader(HttpHeaders.CONTENT_TYPE, type).end(text(type));
    }

    /** Anybody may ask, as often as it likes: those who ask at almost the same time share what it costs. */
    private String text(String type) {
        Scraped last = scraped.get(type);
        if (last == null || System.nanoTime() - last.nanos() >= COUNTS_FOR.toNanos()) {
            last = new Scraped(metrics.scrape(type), System.nanoTime());
            scraped.put(type, last);
        }
        return last.text();
    }

    private record Scraped(String text, long nanos) {
    }

    /** As Quarkus chooses it. */
    private static String type(String accepted) {
        return accepted.contains("text/plain") || accepted.contains("text/html")
                ? TextFormat.CONTENT_TYPE_004
                : TextFormat.CONTENT_TYPE_OPENMETRICS_100;
    }
}
