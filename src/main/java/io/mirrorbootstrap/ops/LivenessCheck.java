package io.mirrorbootstrap.ops;

import java.util.List;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Liveness;

import io.mirrorbootstrap.access.PortWatch;

/**
 * Alive: the process answers, and each of its ports accepts connections. Nothing else counts: a full disk or a slow source is
 * not mended by killing the pod.
 */
@Liveness
class LivenessCheck implements HealthCheck {

    private final PortWatch ports;

    LivenessCheck(PortWatch ports) {
        this.ports = ports;
    }

    @Override
    public HealthCheckResponse call() {
        List<Integer> deaf = ports.deaf();
        HealthCheckResponseBuilder response = HealthCheckResponse.named("process answers").status(deaf.isEmpty());
        if (!deaf.isEmpty()) {
            response.withData("ports that do not accept connections", deaf.toString());
        }
        return response.build();
    }
}
