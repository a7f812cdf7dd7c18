package io.mirrorbootstrap.ops;

import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.inject.Singleton;

import io.smallrye.health.AsyncHealthCheckFactory;

/**
 * Has every check answer on the event loop, also Quarkus' own of its shutdown: Quarkus' factory hands what is no {@code AsyncHealthCheck}
 * to a worker, and while all of these wait for the disk, the requests of callers that have gone would be kept in their queue. No check here may wait.
 */
@Alternative
@Priority(1)
@Singleton
class ChecksOnEventLoop extends AsyncHealthCheckFactory {
}
