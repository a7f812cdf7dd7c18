/**
 * The WebSocket edge: the upgrade, reading with back-pressure, answers in order.
 * <p>
 * Knows {@code snapshot}, {@code wire} and {@code mirror}, no other edge; holds no rule of the protocol. Two sides meet
 * in a {@link io.mirrorbootstrap.link.Link}: the event loop, which rings when something has come, and one worker job
 * at a time, which does everything else.
 */
package io.mirrorbootstrap.link;
