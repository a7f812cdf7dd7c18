package io.mirrorbootstrap.ops;

import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/**
 * Alive: the process answers at all. Nothing else counts: a full disk or a slow source is not mended by killing the pod.
 */
@Liveness
class LivenessCheck implements HealthCheck {

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.up("process answers");
    }
}
