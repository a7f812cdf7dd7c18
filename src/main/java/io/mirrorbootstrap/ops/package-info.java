/**
 * Health checks, metrics and housekeeping: what Kubernetes and Prometheus ask, and what nobody asks for.
 * <p>
 * Knows {@code store}, {@code snapshot} and {@code mirror}, no other edge; holds no rule.
 */
package io.mirrorbootstrap.ops;
