package io.mirrorbootstrap.mirror;

import java.util.List;
import java.util.Map;

import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.wire.JsonRecords;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;

/** Mirrors and settings as they are by default, without the beans around them. */
public final class TestMirrors {

    private TestMirrors() {
    }

    /** The mirrors whose files are on {@code disk}, by default settings. */
    public static Mirrors on(Disk disk) {
        return on(disk, settings(Map.of()));
    }

    /** The mirrors whose files are on {@code disk}. */
    public static Mirrors on(Disk disk, MirrorSettings settings) {
        return on(disk, settings, () -> ToldApart.NOT);
    }

    /** The same, where {@code callers} says whether shares bind. */
    static Mirrors on(Disk disk, MirrorSettings settings, Callers callers) {
        return on(disk, settings, callers, new StatusBoard());
    }

    /** The same, where {@code board} is told what comes of them. */
    public static Mirrors on(Disk disk, MirrorSettings settings, Callers callers, StatusBoard board) {
        Mirrors mirrors = new Mirrors(settings, new SnapshotDirectory(disk, 0, new JsonRecords()), board,
                List.of(board), callers);
        mirrors.start(null);
        return mirrors;
    }

    /** The rate at which they take what comes. */
    public static IngestRate rate(MirrorSettings settings) {
        return new IngestRate(settings, () -> ToldApart.NOT);
    }

    /** @param changed keys without their prefix, and their values */
    public static MirrorSettings settings(Map<String, String> changed) {
        Map<String, String> values = changed.entrySet().stream()
                .collect(java.util.stream.Collectors.toMap(each -> "mirror-bootstrap." + each.getKey(),
                        Map.Entry::getValue));
        return new SmallRyeConfigBuilder().withMapping(MirrorSettings.class)
                .withSources(new PropertiesConfigSource(values, "test", 1000))
                .build().getConfigMapping(MirrorSettings.class);
    }
}
