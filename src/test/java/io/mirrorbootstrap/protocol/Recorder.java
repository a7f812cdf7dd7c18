package io.mirrorbootstrap.protocol;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import jakarta.enterprise.context.ApplicationScoped;

import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferListener;

/** Remembers what became of transfers. */
@ApplicationScoped
public class Recorder implements TransferListener {

    private final List<TransferEvent> events = new CopyOnWriteArrayList<>();

    @Override
    public void on(TransferEvent event) {
        events.add(event);
    }

    List<TransferEvent> events(String database) {
        return events.stream().filter(event -> event.database().value().equals(database)).toList();
    }
}
