package io.mirrorbootstrap.mirror;

import java.util.List;

import org.jboss.logging.Logger;

import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;

/**
 * Tells several listeners of each event. A listener must not throw; one that does is logged each time, because no transfer may fail
 * for want of a metric, and the other listeners are told all the same. Any thread, if the listeners allow any.
 *
 * @param all told in this order, but for those that do not listen
 */
record Listeners(List<TransferListener> all) implements TransferListener {

    private static final Logger LOG = Logger.getLogger(Listeners.class);

    Listeners {
        all = all.stream().filter(TransferListener::isListening).toList();
    }

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
