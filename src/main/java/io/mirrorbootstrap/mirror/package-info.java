/**
 * Many databases: which receiver a message is for, what an operator allows, and the status board.
 * <p>
 * Knows {@code snapshot}. CDI beans, no HTTP and no wire format: the edges ({@code link}, {@code api}, {@code ops}) call
 * it from worker threads. The rules of the protocol are not here but in {@code snapshot}.
 */
package io.mirrorbootstrap.mirror;
