package io.mirrorbootstrap.ops;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.config.inject.ConfigProperty;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.mirrorbootstrap.access.Caller;
import io.mirrorbootstrap.mirror.CallerPlaces;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.snapshot.Callers;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import io.prometheus.client.Collector.Type;
import io.prometheus.client.exporter.common.TextFormat;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/**
 * Answers {@code /q/metrics} in front of Quarkus' own route, which needs a worker: while all of these wait for the disk, whatever asks
 * for metrics would be kept in their queue, even when it is gone. No meter here waits for anything. Strangers are told how the sidecar
 * is; which databases it has, and which version it is, only callers that are let in. Event loop only.
 */
@ApplicationScoped
class MetricsRoute {

    private static final String PATH = "/q/metrics";
    private static final String BUILD = "mirror_bootstrap_build_info";

    /** Before Quarkus' own, behind what lets callers in. */
    private static final int ORDER = -1;

    private static final Duration COUNTS_FOR = Duration.ofMillis(100);

    private static final int UNAVAILABLE = 503;

    private final PrometheusMeterRegistry metrics;
    private final DatabaseSeries databases;
    private final boolean managementTellsDatabases;
    private final MetricFamilySamples build;
    /** The last texts. */
    private final Map<Wanted, Scraped> scraped = new ConcurrentHashMap<>();
    private final boolean hasPortOfItsOwn;
    private final Callers callers;
    /** An answer with a thousand databases is long, and one that is not read has a copy of it, in memory that links need. */
    private final CallerPlaces longAnswers = new CallerPlaces(8, 4);

    MetricsRoute(PrometheusMeterRegistry metrics, DatabaseSeries databases, MirrorSettings settings, Callers callers,
            @ConfigProperty(name = "quarkus.application.version") String version,
            @ConfigProperty(name = "quarkus.management.enabled", defaultValue = "false") boolean hasPortOfItsOwn) {
        this.metrics = metrics;
        this.databases = databases;
        this.callers = callers;
        this.managementTellsDatabases = settings.managementPortTellsDatabases();
        this.build = new MetricFamilySamples(BUILD, Type.GAUGE, "which version this is",
                List.of(new Sample(BUILD, List.of("version"), List.of(version), 1)));
        this.hasPortOfItsOwn = hasPortOfItsOwn;
    }

    void register(@Observes Router router) {
        if (!hasPortOfItsOwn) {
            router.route(PATH).order(ORDER).handler(request -> {
                if (Caller.isLetIn(request)) {
                    answerAll(request, callers.now().name(Caller.of(request).principal().id()));
                } else {
                    answer(request, false);
                }
            });
        }
    }

    void register(@Observes ManagementInterface management) {
        management.router().route(PATH).order(ORDER).handler(request -> {
            if (managementTellsDatabases) {
                answerAll(request, "");
            } else {
                answer(request, false);
            }
        });
    }

    private void answerAll(RoutingContext request, String caller) {
        if (longAnswers.take(caller)) {
            answer(request, true).onComplete(done -> longAnswers.giveBack(caller));
        } else {
            request.response().setStatusCode(UNAVAILABLE).putHeader(HttpHeaderNames.RETRY_AFTER, "1")
                    .end("so many answers are not read yet\n");
        }
    }

    private Future<Void> answer(RoutingContext request, boolean tellsAll) {
        String type = type(Optional.ofNullable(request.request().getHeader(HttpHeaders.ACCEPT)).orElse(""));
        return request.response().putHeader(HttpHeaders.CONTENT_TYPE, type).end(text(new Wanted(type, tellsAll)));
    }

    /** Anybody may ask, as often as it likes: those who ask at almost the same time share what it costs. */
    private String text(Wanted wanted) {
        Scraped last = scraped.get(wanted);
        if (last == null || System.nanoTime() - last.nanos() >= COUNTS_FOR.toNanos()) {
            last = new Scraped(wanted.all() ? all(wanted.type()) : metrics.scrape(wanted.type()), System.nanoTime());
            scraped.put(wanted, last);
        }
        return last.text();
    }

    private String all(String type) {
        List<MetricFamilySamples> all = Collections.list(metrics.getPrometheusRegistry().metricFamilySamples());
        all.add(build);
        all.addAll(databases.now());
        StringWriter text = new StringWriter();
        try {
            TextFormat.writeFormat(type, text, Collections.enumeration(all));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // there is none in memory
        }
        return text.toString();
    }

    /** @param all of callers that are let in: what the sidecar has, not only how it is */
    private record Wanted(String type, boolean all) {
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
