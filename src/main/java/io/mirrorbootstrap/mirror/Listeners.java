package io.mirrorbootstrap.mirror;

import java.util.List;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;

/**
 * Tells each of several listeners what becomes of transfers. One that throws, which it must not, is logged each time: no
 * transfer fails for want of a metric, and the others hear all the same. As any thread as they are.
 *
 * @param all told in this order
 */
record Listeners(List<TransferListener> all) implements TransferListener {

    private static final Logger LOG = Logger.getLogger(Listeners.class);

    @Override
    public void on(TransferEvent event) {
        for (TransferListener each : all) {
            try {
                each.on(event);
            } catch (Exception | Error e) {
                LOG.errorf(e, "%s: a listener failed when it was told: %s", event.database(),
                        event.getClass().getSimpleName());
            }
        }
    }
}
