package io.mirrorbootstrap.ops;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import jakarta.inject.Singleton;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mirrorbootstrap.snapshot.StepTimes;
import io.quarkus.runtime.Startup;

/** Histograms of how long the steps of receiving take: few buckets, as each is a series of each step. */
@Singleton
@Startup // they are there before the first chunk is
class StepMetrics implements StepTimes {

    private static final Duration[] BUCKETS = {Duration.ofNanos(100_000), Duration.ofMillis(1), Duration.ofMillis(10),
            Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(10)};

    private final Map<Step, Timer> timers = new EnumMap<>(Step.class);

    StepMetrics(MeterRegistry metrics) {
        for (Step step : Step.values()) {
            timers.put(step, Timer.builder("mirror.bootstrap.step.duration")
                    .description("how long the steps of receiving take: of a chunk, a slice or a snapshot")
                    .tag("step", step.name().toLowerCase(Locale.ROOT)).serviceLevelObjectives(BUCKETS)
                    .register(metrics));
        }
    }

    @Override
    public void took(Step step, long nanos) {
        timers.get(step).record(nanos, TimeUnit.NANOSECONDS);
    }
}
