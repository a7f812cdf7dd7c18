package io.mirrorbootstrap.link;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.wire.ZstdDecoder;
import io.mirrorbootstrap.wire.ZstdLibrary;

/**
 * Who may decode compressed chunks now: few at once, whose memory is all that compression takes, however many links have agreed on it. A
 * chunk has all its bytes before it takes a place, so that no source holds one. Worker only.
 */
class ZstdPlaces {

    private static final Logger LOG = Logger.getLogger(ZstdPlaces.class);

    /** As many as processors that a sidecar has; each takes at most {@link ZstdDecoder#MAX_BYTES}. */
    private static final int PLACES = 2;

    private final boolean isOn;
    // guarded by this
    private final Deque<ZstdDecoder> idle = new ArrayDeque<>();
    private int made;
    private boolean hasToldProblem;

    ZstdPlaces(MirrorSettings settings) {
        this.isOn = settings.compression();
    }

    /** Whether a source that offers it may compress. */
    boolean areThere() {
        if (!isOn) {
            return false;
        }
        Optional<String> problem = ZstdLibrary.problem();
        problem.ifPresent(this::tell);
        return problem.isEmpty();
    }

    private synchronized void tell(String problem) {
        if (!hasToldProblem) {
            LOG.warnf("a source that offers to compress sends its snapshot as it is: %s", problem);
            hasToldProblem = true;
        }
    }

    /** A decoder, until it is {@linkplain #giveBack given back}; empty while all are in use. */
    synchronized Optional<ZstdDecoder> take() {
        if (idle.isEmpty() && made < PLACES) {
            idle.push(new ZstdDecoder());
            made++;
        }
        return Optional.ofNullable(idle.poll());
    }

    synchronized void giveBack(ZstdDecoder decoder) {
        idle.push(decoder);
    }
}
