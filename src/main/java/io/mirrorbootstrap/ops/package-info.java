/**
 * Health checks and metrics: what Kubernetes and Prometheus ask.
 * <p>
 * Knows {@code snapshot} and {@code mirror}, no other edge; holds no rule.
 */
package io.mirrorbootstrap.ops;
