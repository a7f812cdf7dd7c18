package io.mirrorbootstrap.ops;

import java.util.function.Supplier;

import jakarta.inject.Singleton;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.mirrorbootstrap.mirror.DiskSpace;
import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.quarkus.runtime.Startup;

/** Tells how the sidecar is: its disk, its limits, the databases that it waits for. Nothing here waits. */
@Singleton
@Startup
class SidecarMetrics {

    SidecarMetrics(MeterRegistry metrics, DiskSpace space, MirrorSettings settings, ExpectedDatabases databases) {
        gauge("disk.free.bytes", "room on the volume of the data directory, with the reserve",
                () -> space.last().map(found -> (double) found.free()).orElse(Double.NaN)).baseUnit("bytes")
                .register(metrics);
        gauge("disk.reserve.bytes", "room that is left for the mirror: disk-reserve-bytes", settings::diskReserveBytes)
                .baseUnit("bytes").register(metrics);
        gauge("links.limit", "links that may be open: max-links", settings::maxLinks).register(metrics);
        gauge("expected.databases", "how many expected-databases has", databases::count).register(metrics);
        gauge("missing.databases", "expected databases that are not following", databases::missing).register(metrics);
    }

    private static Gauge.Builder<Supplier<Number>> gauge(String name, String description, Supplier<Number> value) {
        return Gauge.builder("mirror.bootstrap." + name, value).description(description);
    }
}
