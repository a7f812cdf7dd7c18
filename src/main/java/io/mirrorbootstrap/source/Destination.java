package io.mirrorbootstrap.source;

import java.net.InetAddress;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.TraceContext;

/**
 * One mirror that a snapshot is sent to.
 *
 * @param endpoint its sidecar
 * @param address the one at which it is met, whatever others the name has; empty: any of them
 * @param credentials what it is shown
 * @param proxy what leads there, if not the network itself
 * @param compression how chunks are compressed on the way, if the sidecar takes that
 * @param trace of which what is sent is a part: the sidecar is told, with each link
 */
public record Destination(Endpoint endpoint, Optional<InetAddress> address, Credentials credentials,
        Optional<HttpProxy> proxy, Optional<Compression> compression, Optional<TraceContext> trace) {

    /** A sidecar at any of its addresses, that gets chunks as they are, for nobody who traces. */
    public Destination(Endpoint endpoint, Credentials credentials, Optional<HttpProxy> proxy) {
        this(endpoint, Optional.empty(), credentials, proxy, Optional.empty(), Optional.empty());
    }

    /** The same, where what is sent is a part of {@code trace}. */
    public Destination tracedBy(Optional<TraceContext> trace) {
        return new Destination(endpoint, address, credentials, proxy, compression, trace);
    }
}
