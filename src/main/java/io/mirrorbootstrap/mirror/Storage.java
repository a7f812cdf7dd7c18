package io.mirrorbootstrap.mirror;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

import io.mirrorbootstrap.snapshot.RecordFormat;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;

/** Places the domain's directory where the configuration says. */
final class Storage {

    @Produces
    @Singleton
    SnapshotDirectory directory(MirrorSettings settings, RecordFormat format) {
        return new SnapshotDirectory(settings.dataDir(), settings.diskReserveBytes(), format);
    }
}
