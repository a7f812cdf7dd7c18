package io.mirrorbootstrap.ops;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.smallrye.common.annotation.Blocking;

/** Ready: a source may connect, because what it sends can be stored. */
@Readiness
@Blocking
class DataDirectoryCheck implements HealthCheck {

    private final SnapshotDirectory directory;

    DataDirectoryCheck(SnapshotDirectory directory) {
        this.directory = directory;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("data directory writable").status(directory.isWritable()).build();
    }
}
