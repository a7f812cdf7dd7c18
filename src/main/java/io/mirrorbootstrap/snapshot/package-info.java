/**
 * The domain: one snapshot arriving and becoming durable. All rules of the protocol (offset, identity, CRC, size,
 * commit) stand here, once.
 * <p>
 * JDK only: no framework, no wire format, no logging. Of this project it knows {@code store} alone, through which all files
 * are reached; what it must tell the world it tells through {@link io.mirrorbootstrap.snapshot.TransferListener} and
 * {@link io.mirrorbootstrap.snapshot.Source}.
 */
package io.mirrorbootstrap.snapshot;
