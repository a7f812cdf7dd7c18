package io.mirrorbootstrap.mirror;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.RecordFormat;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.StepTimes;

/** Places the domain's directory where the configuration says. */
final class Storage {

    @Produces
    @Singleton
    SnapshotDirectory directory(MirrorSettings settings, RecordFormat format, StepTimes times) {
        return new SnapshotDirectory(settings.dataDir(), settings.diskReserveBytes(), format, times);
    }
}
