/**
 * Many databases: the receiver of each, what an operator allows, and the status board.
 * <p>
 * Knows {@code snapshot} and, of {@code store}, how a failure is told. CDI beans, no HTTP and no wire format: the edges
 * ({@code link}, {@code api}, {@code ops}) call it from worker threads. The rules of the protocol are not here but in
 * {@code snapshot}.
 */
package io.mirrorbootstrap.mirror;
