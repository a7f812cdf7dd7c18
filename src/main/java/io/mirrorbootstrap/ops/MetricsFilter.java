package io.mirrorbootstrap.ops;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

import io.micrometer.core.instrument.config.MeterFilter;

/** Does not tell which Java this is, because everybody who can reach the port can read the metrics. */
final class MetricsFilter {

    private MetricsFilter() {
    }

    @Produces
    @Singleton
    static MeterFilter withoutVersions() {
        return MeterFilter.denyNameStartsWith("jvm.info");
    }
}
