/**
 * The other end of the port: reads a snapshot from a file, a directory or a stream and brings it to a sidecar over one WebSocket, or asks how a
 * mirror stands ({@link io.mirrorbootstrap.source.StatusClient}).
 * <p>
 * Knows {@code wire}, {@code snapshot}, {@code archive} and Vert.x; nothing of the receiving side, of the command line or of Quarkus, and
 * it opens no port. Two threads meet here: the caller's, which reads, checks and waits
 * ({@link io.mirrorbootstrap.source.SnapshotSender}), and the event loop, which only frames, writes and hands over what
 * comes back. They meet in one queue of events.
 * <p>
 * Memory is bounded whatever the snapshot's size: a handful of chunk buffers for a file or a directory, each reused once its bytes have left; for a
 * stream as many as hold what is not durable at the sidecar, up to a bound. To run out of free buffers <em>is</em> the back-pressure;
 * there is no other. What outlives a link is one {@link io.mirrorbootstrap.source.Shipment}; a
 * {@link io.mirrorbootstrap.source.Transmission} is one link's part of it.
 */
package io.mirrorbootstrap.source;
