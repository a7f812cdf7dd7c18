package io.mirrorbootstrap.ops;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;

import io.mirrorbootstrap.mirror.ExpectedDatabases;
import io.smallrye.health.api.HealthGroup;

/**
 * The mirror may start: each of {@code expected-databases} has its snapshot. A group of its own, as neither is the sidecar
 * ill before that, nor must a source not connect.
 */
@HealthGroup("mirror")
class MirrorCheck implements HealthCheck {

    private final ExpectedDatabases databases;

    MirrorCheck(ExpectedDatabases databases) {
        this.databases = databases;
    }

    @Override
    public HealthCheckResponse call() {
        int missing = databases.missing();
        return HealthCheckResponse.named("expected databases are following").status(missing == 0)
                .withData("expected", databases.count()).withData("missing", missing).build();
    }
}
