/**
 * Tracing, where an operator has named a collector of OpenTelemetry: one span for each transfer, at the sidecar and at {@code send}.
 * <p>
 * Without that nothing of it is made: no thread, no connection, and no event of a transfer comes here. Spans wait in a bounded queue, and
 * are lost where the collector does not take them: a transfer never waits for it. Knows {@code wire} and {@code snapshot}, no other edge;
 * holds no rule.
 */
package io.mirrorbootstrap.trace;
