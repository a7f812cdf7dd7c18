package io.mirrorbootstrap.seed;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.SettingsKeys;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.HeaderFile;
import io.mirrorbootstrap.source.HttpProxy;
import io.mirrorbootstrap.source.Lsn;
import io.mirrorbootstrap.source.Origin;
import io.mirrorbootstrap.source.SourceUrl;
import io.quarkus.runtime.configuration.ConfigurationException;

/**
 * What the configuration says of objects in storage, checked as a whole: a wrong guess of what a URL is taken for must end the start, not be
 * a snapshot.
 */
record ObjectSettings(SeedUrls urls, String cluster, Lsn lsn, Optional<String> position, Optional<Crc32c> crc32c,
        Optional<HeaderFile> headers, Optional<Path> authorities, Map<String, String> environment) {

    private static final String FROM = SettingsKeys.PREFIX + "seed-from";
    private static final String CLUSTER = SettingsKeys.PREFIX + "seed-cluster";
    private static final String LSN = SettingsKeys.PREFIX + "seed-lsn";
    private static final String POSITION = SettingsKeys.PREFIX + "seed-position";
    private static final String CRC32C = SettingsKeys.PREFIX + "seed-crc32c";
    private static final String HEADER_FILE = SettingsKeys.PREFIX + "seed-header-file";

    /**
     * Reads it. The file of headers is read later, for each connection.
     *
     * @param expected the databases that are expected
     * @param environment may name a proxy
     * @return empty where {@code urls} has no object
     * @throws ConfigurationException when something of it cannot be, with a sentence that names the key
     */
    static Optional<ObjectSettings> read(MirrorSettings settings, SeedUrls urls, List<DatabaseId> expected,
            Map<String, String> environment) {
        if (urls.objects().isEmpty()) {
            refuseWhatIsForObjects(settings);
            return Optional.empty();
        }
        String first = urls.objects().get(0);
        String cluster = settings.seedCluster()
                .orElseThrow(() -> wrong(FROM + " has " + first + ", which is an object in storage, and "
                        + CLUSTER + ", the cluster whose snapshot that is, is not set: " + SeedUrls.RULE));
        require(SnapshotIdentity.isValidClusterId(cluster),
                CLUSTER + " must have " + SnapshotIdentity.CLUSTER_ID_RULE);
        require(settings.allowedSourceClusters().filter(allowed -> !allowed.contains(cluster)).isEmpty(),
                CLUSTER + " is " + Text.quoted(cluster) + ", which " + SettingsKeys.PREFIX
                        + "allowed-source-clusters has not");
        require(urls.unclear().isEmpty(), FROM + " has " + String.join(", ", urls.unclear())
                + ", which may be a sidecar or an object: " + SeedUrls.RULE);
        ObjectSettings read = new ObjectSettings(urls, cluster, lsn(settings), position(settings), crc32c(settings),
                settings.seedHeaderFile().map(HeaderFile::new), settings.seedCa(), environment);
        read.requireOneMeaning(expected);
        return Optional.of(read);
    }

    private static void refuseWhatIsForObjects(MirrorSettings settings) {
        Stream.of(Map.entry(CLUSTER, settings.seedCluster()),
                Map.entry(LSN, settings.seedLsn().filter(text -> !text.equals(Lsn.AUTO))),
                Map.entry(POSITION, settings.seedPosition()), Map.entry(CRC32C, settings.seedCrc32c()),
                Map.entry(HEADER_FILE, settings.seedHeaderFile())).filter(each -> each.getValue().isPresent())
                .findFirst().ifPresent(each -> {
                    throw wrong(each.getKey() + " is for objects in storage, and " + FROM + " has none: "
                            + SeedUrls.RULE);
                });
    }

    private static Lsn lsn(MirrorSettings settings) {
        try {
            return Lsn.parse(settings.seedLsn().orElse(Lsn.AUTO));
        } catch (IllegalArgumentException e) {
            throw wrong(LSN + ": " + e.getMessage());
        }
    }

    private static Optional<String> position(MirrorSettings settings) {
        Optional<String> position = settings.seedPosition();
        require(position.filter(text -> !Notes.isValidPosition(text)).isEmpty(),
                POSITION + " must have " + Notes.POSITION_RULE);
        return position;
    }

    private static Optional<Crc32c> crc32c(MirrorSettings settings) {
        return settings.seedCrc32c().map(text -> Crc32c.parse(text)
                .orElseThrow(() -> wrong(CRC32C + " is " + Text.quoted(text) + ", it must be 0x and 8 hex digits")));
    }

    /** What is said once is of one database, and what is shown is shown to one server. */
    private void requireOneMeaning(List<DatabaseId> expected) {
        if (expected.size() > 1) {
            String several = ", and " + expected.size() + " databases are expected: ";
            urls.objects().stream().filter(url -> !url.contains(SeedUrls.DATABASE)).findFirst().ifPresent(url -> {
                throw wrong(FROM + " has " + url + several
                        + "it must have {database} in it, or all would have one snapshot");
            });
            require(lsn.position().isEmpty(), LSN + " is set" + several + "it must be " + Lsn.AUTO);
            require(position.isEmpty(), POSITION + " is set" + several + "it can be of one only");
            require(crc32c.isEmpty(), CRC32C + " is set" + several + "it can be of one only");
        }
        List<String> servers = urls(expected).map(SourceUrl::origin).distinct().toList();
        require(headers.isEmpty() || servers.size() <= 1, HEADER_FILE + " is shown to one server, and " + FROM
                + " has objects at " + String.join(", ", servers));
        urls(expected).forEach(this::proxy);
    }

    private Stream<SourceUrl> urls(List<DatabaseId> expected) {
        return expected.stream().flatMap(database -> urls.objects(database).stream());
    }

    /** The servers that are shown the headers where everybody on the way can read them. */
    List<String> readableByOthers(List<DatabaseId> expected) {
        return headers.isEmpty()
                ? List.of()
                : urls(expected).filter(SourceUrl::isOpenToOthers).map(SourceUrl::origin).distinct().toList();
    }

    /** The objects that may be a snapshot of {@code database}. */
    List<SeedObject> objects(DatabaseId database) {
        Origin origin = new Origin(cluster, database, lsn.position(), false,
                new Notes(position.or(lsn::asGiven), Map.of()), Optional.empty());
        return urls.objects(database).stream()
                .map(url -> new SeedObject(url, origin, crc32c, headers, authorities, proxy(url))).toList();
    }

    private Optional<HttpProxy> proxy(SourceUrl url) {
        try {
            return HttpProxy.of(environment, url.server());
        } catch (IllegalArgumentException e) {
            throw wrong(FROM + ": " + e.getMessage());
        }
    }

    private static void require(boolean isSo, String otherwise) {
        if (!isSo) {
            throw wrong(otherwise);
        }
    }

    private static ConfigurationException wrong(String message) {
        return new ConfigurationException(message);
    }
}
