package io.mirrorbootstrap.mirror;

import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.Principal;

/** What all that brings snapshots may bring in a second, links and seeding together, so that the mirror's disk keeps breathing. Any thread. */
@Singleton
public class IngestRate {

    private final SharedRate rate;

    IngestRate(MirrorSettings settings, Callers callers) {
        this.rate = new SharedRate(settings.ingestRateBytesPerSecond(), callers);
    }

    /** What {@code caller} has of it. */
    public SharedRate.Share of(Principal caller) {
        return rate.of(caller);
    }
}
