package io.mirrorbootstrap.mirror;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

import io.quarkus.runtime.configuration.TrimmedStringConverter;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithConverter;
import io.smallrye.config.WithDefault;

/** The configuration, {@code mirror-bootstrap.*}: docs/configuration.md explains each key. Sizes are in bytes. */
@ConfigMapping(prefix = "mirror-bootstrap")
public interface MirrorSettings {

    /** Where snapshots are stored, in {@code recv_snapshots} below it. */
    @WithDefault("data")
    Path dataDir();

    /** The largest payload of one chunk. */
    @WithDefault("8M")
    @WithConverter(Size.class)
    long maxChunkBytes();

    /** How many payload bytes a source may have unanswered; it is told so. */
    @WithDefault("64M")
    @WithConverter(Size.class)
    long windowBytes();

    /** How much may be accepted but not yet written, over all links. */
    @WithDefault("32M")
    @WithConverter(Size.class)
    long bufferBytes();

    /** How many transfers may be under way at once. */
    @WithDefault("16")
    int maxBootstraps();

    /** How many transfers of one caller may be under way at once, where callers are told apart. */
    OptionalInt maxBootstrapsPerCaller();

    /** How many links may be open at once. */
    @WithDefault("64")
    int maxLinks();

    /** How many links of one caller may be open at once, where callers are told apart. */
    OptionalInt maxLinksPerCaller();

    /** How many databases one caller may have here, where callers are told apart. */
    OptionalInt maxDatabasesPerCaller();

    /** How much payload may come between two durable checkpoints of a transfer. */
    @WithDefault("64M")
    @WithConverter(Size.class)
    long checkpointBytes();

    /** How much of the disk is left free for the mirror itself. */
    @WithDefault("256M")
    @WithConverter(Size.class)
    long diskReserveBytes();

    /** How much all links together may bring in a second; 0: no cap. */
    @WithDefault("0")
    @WithConverter(Size.class)
    long ingestRateBytesPerSecond();

    /** How many snapshots may be downloaded at once; 0: none. */
    @WithDefault("4")
    int maxDownloads();

    /** How much all downloads together may take in a second; 0: no cap. */
    @WithDefault("0")
    @WithConverter(Size.class)
    long egressRateBytesPerSecond();

    /** Where a certificate names its cluster: the clusters that may download the snapshots of all others. */
    Optional<List<@WithConverter(TrimmedStringConverter.class) String>> readerClusters();

    /** Where sidecars are, or objects in storage, that may have the expected databases; empty: none is asked. */
    Optional<List<@WithConverter(TrimmedStringConverter.class) String>> seedFrom();

    /** The cluster whose snapshots the objects are. */
    Optional<@WithConverter(TrimmedStringConverter.class) String> seedCluster();

    /** The LSN of the object; empty: its head says it. */
    Optional<@WithConverter(TrimmedStringConverter.class) String> seedLsn();

    /** From where the object is followed, in the database's own words; empty: the LSN or its head says it. */
    Optional<@WithConverter(TrimmedStringConverter.class) String> seedPosition();

    /** The CRC-32C of the object; empty: it is computed as it comes. */
    Optional<@WithConverter(TrimmedStringConverter.class) String> seedCrc32c();

    /** Has the headers that the server of the objects is shown. */
    Optional<Path> seedHeaderFile();

    /** Has the token that the sidecars are shown. */
    Optional<Path> seedTokenFile();

    /** Has the certificates (PEM) of those who may vouch for all of these; empty: those that Java knows. */
    Optional<Path> seedCa();

    /** The certificate (PEM) that the sidecars are shown. */
    Optional<Path> seedCertificate();

    /** Its key (PEM). */
    Optional<Path> seedKey();

    /** A kept transfer whose source does not come back for this time is removed. */
    @WithDefault("P7D")
    @WithConverter(Time.class)
    Duration partialRetention();

    /** As {@link #partialRetention}, of a stream, whose source can send it once only. */
    @WithDefault("PT1H")
    @WithConverter(Time.class)
    Duration streamRetention();

    /** A link on which nothing arrives for this time is cut. */
    @WithDefault("60S")
    @WithConverter(Time.class)
    Duration idleTimeout();

    /** Whether a link's job reads its socket itself where it can; else the event loop does. */
    @WithDefault("true")
    @WithConverter(Switch.class)
    boolean readByWorkers();

    /** Whether a source that offers it may compress its chunks. */
    @WithDefault("true")
    @WithConverter(Switch.class)
    boolean compression();

    /** How many databases have metrics of their own; the others are summed. */
    @WithDefault("100")
    int metricsDatabases();

    /** Whether the port that probes and metrics may have of their own tells everybody of databases, too. */
    @WithDefault("false")
    @WithConverter(Switch.class)
    boolean managementPortTellsDatabases();

    /** The databases that must all have a snapshot for the health group {@code mirror} to be up. */
    Optional<List<@WithConverter(TrimmedStringConverter.class) String>> expectedDatabases();

    /** The clusters that may send snapshots; empty: any. */
    Optional<List<@WithConverter(TrimmedStringConverter.class) String>> allowedSourceClusters();
}
