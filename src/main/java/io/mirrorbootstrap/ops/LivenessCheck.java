package io.mirrorbootstrap.ops;

import java.util.List;

import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;

import io.mirrorbootstrap.access.PortWatch;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;

/**
 * Alive: the process answers, and each of its ports accepts connections. Nothing else counts: a full disk or a slow source is
 * not mended by killing the pod. Answered on the event loop: all workers may be waiting for the disk.
 */
@Liveness
class LivenessCheck implements AsyncHealthCheck {

    private final PortWatch ports;

    LivenessCheck(PortWatch ports) {
        this.ports = ports;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        List<Integer> deaf = ports.deaf();
        HealthCheckResponseBuilder response = HealthCheckResponse.named("process answers").status(deaf.isEmpty());
        if (!deaf.isEmpty()) {
            response.withData("ports that do not accept connections", deaf.toString());
        }
        return Uni.createFrom().item(response.build());
    }
}
