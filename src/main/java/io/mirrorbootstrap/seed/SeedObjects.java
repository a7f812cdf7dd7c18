package io.mirrorbootstrap.seed;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Text;

/** Looks what objects in storage are there. One thread, which waits. */
final class SeedObjects {

    private final Optional<ObjectSettings> settings;
    private final SeedLog log;

    /** @param settings empty: there is none */
    SeedObjects(Optional<ObjectSettings> settings, SeedLog log) {
        this.settings = settings;
        this.log = log;
    }

    /** Those that are there of {@code database}. */
    List<Offer> offers(DatabaseId database) throws InterruptedException {
        List<Offer> offers = new ArrayList<>();
        for (SeedObject object : settings.map(all -> all.objects(database)).orElse(List.of())) {
            String about = database + " " + object.where();
            try {
                offers.add(object.offer(words -> log.info("LSN " + about, "database=" + database + ", " + object.words()
                        + ": " + words)));
                log.isPast(about);
            } catch (IOException e) {
                log.warn(about, object.words() + " cannot be read: " + Text.readable(e.getMessage()));
            }
        }
        return offers;
    }
}
