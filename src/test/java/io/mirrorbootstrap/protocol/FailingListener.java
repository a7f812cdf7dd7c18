package io.mirrorbootstrap.protocol;

import jakarta.enterprise.context.ApplicationScoped;

import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;

/** Fails whenever it is told of a database that is named for it. */
@ApplicationScoped
public class FailingListener implements TransferListener {

    static final String PREFIX = "failing-listener-";

    @Override
    public void on(TransferEvent event) {
        if (event.database().value().startsWith(PREFIX)) {
            throw new IllegalStateException("this listener fails");
        }
    }
}
