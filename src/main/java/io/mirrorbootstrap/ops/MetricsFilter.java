package io.mirrorbootstrap.ops;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

import io.micrometer.core.instrument.config.MeterFilter;

/** Keeps to ourselves which Java this is: metrics are open to whoever can reach the port. */
final class MetricsFilter {

    private MetricsFilter() {
    }

    @Produces
    @Singleton
    static MeterFilter withoutVersions() {
        return MeterFilter.denyNameStartsWith("jvm.info");
    }
}
