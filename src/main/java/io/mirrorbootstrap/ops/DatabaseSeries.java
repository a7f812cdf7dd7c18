package io.mirrorbootstrap.ops;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.Collector.MetricFamilySamples.Sample;
import io.prometheus.client.Collector.Type;

/**
 * What each database has, as metrics: read from the board when they are asked for, so that a chunk costs nothing. A database that has
 * series of its own keeps them for as long as it has a row; those for which there is no room are summed as {@link #OTHER}. Any thread.
 */
@Singleton
class DatabaseSeries {

    /** The databases without series of their own, and the one of this name. */
    static final String OTHER = "other";

    private static final String PREFIX = "mirror_bootstrap_database_";

    private final StatusBoard board;
    private final Mirrors mirrors;
    private final int most;
    /** They have a place of theirs: no caller can take it with databases of its own. */
    private final ExpectedDatabases expected;
    /** Those with series of their own. Guarded by this. */
    private final Set<DatabaseId> own = new HashSet<>();

    DatabaseSeries(StatusBoard board, Mirrors mirrors, MirrorSettings settings, ExpectedDatabases expected) {
        this.board = board;
        this.mirrors = mirrors;
        this.most = settings.metricsDatabases();
        this.expected = expected;
    }

    /** All of them, as they are at this moment. */
    List<MetricFamilySamples> now() {
        Map<String, DatabaseFigures> figures = new TreeMap<>();
        List<Mirror> rows = board.mirrors();
        Set<DatabaseId> named = named(rows);
        for (Mirror row : rows) {
            String label = named.contains(row.database()) ? row.database().value() : OTHER;
            figures.computeIfAbsent(label, any -> new DatabaseFigures()).add(mirrors.now(row), sinceLastChunk(row));
        }
        Gauge done = new Gauge("done_bytes", "received and accepted", "database");
        Gauge durable = new Gauge("durable_bytes", "sure to survive a power cut", "database");
        Gauge progress = new Gauge("progress_ratio", "done, of what is known to come: 0 to 1", "database");
        Gauge age = new Gauge("last_chunk_age_seconds",
                "since the last chunk of a transfer under way was accepted, or it began", "database");
        Gauge state = new Gauge("state", "how many databases are in this state", "database", "state");
        figures.forEach((database, each) -> {
            done.add(each.doneBytes(), database);
            durable.add(each.durableBytes(), database);
            each.progress().ifPresent(ratio -> progress.add(ratio, database));
            each.lastChunkSeconds().ifPresent(seconds -> age.add(seconds, database));
            each.states().forEach((name, count) -> state.add(count, database, name));
        });
        return List.of(done.family(), durable.family(), progress.family(), age.family(), state.family());
    }

    private synchronized Set<DatabaseId> named(List<Mirror> rows) {
        own.retainAll(rows.stream().map(Mirror::database).collect(Collectors.toSet()));
        name(rows.stream().filter(row -> expected.all().contains(row.database())), most);
        long awaited = expected.all().stream().distinct().filter(database -> !own.contains(database)).count();
        name(rows.stream(), most - awaited);
        return Set.copyOf(own);
    }

    private void name(Stream<Mirror> rows, long upTo) {
        assert Thread.holdsLock(this);
        rows.filter(row -> !own.contains(row.database()) && !row.database().value().equals(OTHER))
                .sorted(Comparator.comparing(Mirror::change)).limit(Math.max(0, upTo - own.size()))
                .forEach(row -> own.add(row.database()));
    }

    /** Not since the row has changed: a refusal, of whomever's message, changes it too. */
    private Duration sinceLastChunk(Mirror row) {
        return mirrors.sinceLastChunk(row.database()).orElse(Duration.ZERO);
    }

    /** One metric of all databases. */
    private static final class Gauge {
        private final String name;
        private final String help;
        private final List<String> labels;
        private final List<Sample> samples = new ArrayList<>();

        Gauge(String name, String help, String... labels) {
            this.name = PREFIX + name;
            this.help = help;
            this.labels = List.of(labels);
        }

        void add(double value, String... values) {
            samples.add(new Sample(name, labels, List.of(values), value));
        }

        MetricFamilySamples family() {
            return new MetricFamilySamples(name, Type.GAUGE, help, samples);
        }
    }
}
