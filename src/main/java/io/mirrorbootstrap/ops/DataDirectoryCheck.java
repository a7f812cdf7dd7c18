package io.mirrorbootstrap.ops;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.quarkus.runtime.ShutdownEvent;
import io.smallrye.common.annotation.Blocking;

/** Ready: a source may connect, because what it sends can be stored; not while the process is ending. */
@Readiness
@Blocking
@ApplicationScoped
class DataDirectoryCheck implements HealthCheck {

    private final SnapshotDirectory directory;
    private volatile boolean ending;

    DataDirectoryCheck(SnapshotDirectory directory) {
        this.directory = directory;
    }

    /** Before the links are closed, so that no source is sent here while they are. */
    void end(@Observes @Priority(1) ShutdownEvent event) {
        ending = true;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("data directory writable").status(!ending && directory.isWritable()).build();
    }
}
