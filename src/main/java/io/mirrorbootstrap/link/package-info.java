/**
 * The WebSocket edge: the upgrade, reading with back-pressure, answers in order.
 * <p>
 * Knows {@code snapshot}, {@code wire}, {@code mirror}, {@code store} and, of {@code access}, who was let in; no other edge. Holds no rule
 * of the protocol. A {@link io.mirrorbootstrap.link.Link} is put together from parts, each with its own waits; the event loop reads
 * when it is asked to, and one worker job at a time does everything else.
 */
package io.mirrorbootstrap.link;
