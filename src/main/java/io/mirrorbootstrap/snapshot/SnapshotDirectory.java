package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The directory that snapshots arrive in, {@code <data-dir>/recv_snapshots}. Names of files are built and read here and
 * nowhere else:
 * <table>
 * <caption>files of a database</caption>
 * <tr><td>{@code <db>.partial}</td><td>payload accepted so far</td></tr>
 * <tr><td>{@code <db>.checkpoint.json}</td><td>how much of the {@code .partial} is durable, and its CRC</td></tr>
 * <tr><td>{@code <db>.snapshot}</td><td>a committed snapshot; appears only by atomic rename</td></tr>
 * <tr><td>{@code <db>.manifest.json}</td><td>what the {@code .snapshot} is</td></tr>
 * <tr><td>{@code .<anything>}</td><td>being written; of no worth after a restart</td></tr>
 * </table>
 * A database's name cannot start with a dot and none of the suffixes ends another, so no two names clash. Worker only.
 */
public final class SnapshotDirectory {

    /** The file in the data directory that is locked by the process that uses it. */
    private static final String LOCK = ".mirror-bootstrap.lock";

    /** The directory's name below the data directory. */
    public static final String NAME = "recv_snapshots";

    private static final String PARTIAL = ".partial";
    private static final String SNAPSHOT = ".snapshot";
    private static final String MANIFEST = ".manifest.json";
    private static final String CHECKPOINT = ".checkpoint.json";
    private static final List<String> SUFFIXES = List.of(PARTIAL, SNAPSHOT, MANIFEST, CHECKPOINT);

    /** No record is longer; a longer file is none. */
    private static final int MAX_RECORD_BYTES = 64 * 1024;

    private final String own = UUID.randomUUID().toString();
    private final Path path;
    private final long reserveBytes;
    private final RecordFormat format;
    private final AtomicLong unfinished = new AtomicLong();
    /** Databases whose manifest is renamed already and whose snapshot is not; guarded by their receivers. */
    private final Map<DatabaseId, CommittedSnapshot> halfCommitted = new ConcurrentHashMap<>();
    private volatile FileStore store;
    /** Open, and thereby locked, as long as this process lives. */
    private FileChannel inUse;

    /**
     * @param dataDirectory its parent; both are made when first needed
     * @param reserveBytes how much of the disk is left to the mirror itself, 0 or more
     * @param format how manifests are written
     */
    public SnapshotDirectory(Path dataDirectory, long reserveBytes, RecordFormat format) {
        this.path = dataDirectory.toAbsolutePath().normalize().resolve(NAME);
        this.reserveBytes = reserveBytes;
        this.format = format;
    }

    /** Where it is. */
    public Path path() {
        return path;
    }

    /** The payload accepted so far of {@code database}. */
    public Path partial(DatabaseId database) {
        return path.resolve(database + PARTIAL);
    }

    /** The committed snapshot of {@code database}. */
    public Path snapshot(DatabaseId database) {
        return path.resolve(database + SNAPSHOT);
    }

    /** What {@link #snapshot} is. */
    public Path manifest(DatabaseId database) {
        return path.resolve(database + MANIFEST);
    }

    /** How much of {@link #partial} is durable. */
    public Path checkpoint(DatabaseId database) {
        return path.resolve(database + CHECKPOINT);
    }

    /**
     * Makes the directory, checks that it can be written to, takes it for this process, and brings what an earlier
     * process left into order: a commit that was cut short is finished or undone, a transfer that can be resumed is kept,
     * all else that was unfinished is removed.
     *
     * @throws IOException when it is not a directory, cannot be written to, or another process has it
     */
    public Inventory prepare() throws IOException {
        OwnFiles.createDirectory(path);
        Path lock = path.resolveSibling(LOCK);
        if (OwnFiles.attributes(lock).filter(there -> !there.isRegularFile()).isPresent()) {
            throw new IOException(lock + " is no plain file"); // to open a pipe would take for ever
        }
        inUse = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        if (inUse.tryLock() == null) {
            inUse.close();
            throw new IOException("another process is using it");
        }
        PartialFile.create(unfinished("probe")).discard();
        Set<DatabaseId> databases = new TreeSet<>(Comparator.comparing(DatabaseId::value));
        try (var files = Files.newDirectoryStream(path)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (name.startsWith(".")) {
                    OwnFiles.remove(file);
                }
                SUFFIXES.stream().filter(name::endsWith)
                        .map(suffix -> name.substring(0, name.length() - suffix.length())).filter(DatabaseId::isValid)
                        .forEach(stem -> databases.add(new DatabaseId(stem)));
            }
        }
        Inventory inventory = new Inventory();
        for (DatabaseId database : databases) {
            new Recovery(this, database, inventory).run();
        }
        return inventory;
    }

    /** Whether a file can be made in the directory, at the cost of making one. */
    public boolean isWritable() {
        try {
            OwnFiles.createDirectory(path);
            PartialFile.create(unfinished("probe")).discard();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** The bytes that may still be written without touching the reserve, 0 or more. */
    public long available() throws IOException {
        if (store == null) {
            OwnFiles.createDirectory(path);
            store = Files.getFileStore(path); // finding it reads the table of mounts: not for each chunk
        }
        return Math.max(0, store.getUsableSpace() - reserveBytes);
    }

    /** A place for payload that does not know yet where it belongs. */
    public PayloadSpill spill() {
        return new PayloadSpill(this);
    }

    /** A file that nobody else sees, and that is gone when it is closed, whoever dies. */
    FileChannel unnamedFile() throws IOException {
        OwnFiles.createDirectory(path);
        return OwnFiles.create(unfinished("spill"), StandardOpenOption.READ, StandardOpenOption.DELETE_ON_CLOSE);
    }

    /** A new file for a transfer that is not yet worth the name {@code .partial}. */
    PartialFile begin(DatabaseId database) throws IOException {
        OwnFiles.createDirectory(path);
        return PartialFile.create(unfinished(database.value()));
    }

    /** The committed snapshot of {@code database}, if there is one and its size is what the manifest says. */
    public Optional<CommittedSnapshot> committed(DatabaseId database) throws IOException {
        Optional<CommittedSnapshot> manifest = readManifest(database);
        return manifest.isPresent() && OwnFiles.size(snapshot(database)) == manifest.get().bytes()
                ? manifest
                : Optional.empty();
    }

    /**
     * Reads the committed snapshot of {@code database} back and compares it with its manifest.
     *
     * @return what it is; empty when there is none, or it is not what the manifest says
     */
    public Optional<CommittedSnapshot> verify(DatabaseId database) throws IOException {
        Optional<CommittedSnapshot> manifest = readManifest(database);
        while (true) {
            boolean right = manifest.isPresent() && isIn(snapshot(database), manifest.get());
            Optional<CommittedSnapshot> after = readManifest(database);
            if (after.equals(manifest)) {
                return right ? manifest : Optional.empty();
            }
            manifest = after; // meanwhile a successor has taken its place
        }
    }

    /** Whether {@code file} has the bytes of {@code snapshot}, all of which are read if there are as many. */
    static boolean isIn(Path file, CommittedSnapshot snapshot) throws IOException {
        return OwnFiles.size(file) == snapshot.bytes()
                && PartialFile.read(file, 0, snapshot.bytes()).crc32c().equals(snapshot.crc32c());
    }

    /** What the manifest of {@code database} says, if there is one that can be read. */
    Optional<CommittedSnapshot> readManifest(DatabaseId database) throws IOException {
        return OwnFiles.read(manifest(database), MAX_RECORD_BYTES).flatMap(format::manifest)
                .filter(snapshot -> snapshot.database().equals(database));
    }

    /** What the checkpoint of {@code database} says, if there is one that can be read. */
    Optional<Checkpoint> readCheckpoint(DatabaseId database) throws IOException {
        return OwnFiles.read(checkpoint(database), MAX_RECORD_BYTES).flatMap(format::checkpoint)
                .filter(checkpoint -> checkpoint.database().equals(database));
    }

    /** When the partial file or its checkpoint was last written to. */
    Instant lastTouched(DatabaseId database) throws IOException {
        Instant partial = lastModified(partial(database)).orElse(Instant.EPOCH);
        Instant record = lastModified(checkpoint(database)).orElse(partial);
        return record.isAfter(partial) ? record : partial;
    }

    private static Optional<Instant> lastModified(Path file) throws IOException {
        return OwnFiles.attributes(file).map(attributes -> attributes.lastModifiedTime().toInstant());
    }

    /** Replaces the checkpoint; when this returns, it survives a power cut. Its payload must have been forced before. */
    void write(Checkpoint checkpoint) throws IOException {
        replace(checkpoint(checkpoint.database()), format.checkpoint(checkpoint));
        force();
    }

    /**
     * Makes a verified partial file the snapshot of its database. When this returns, the snapshot survives a power cut;
     * when it throws, what was committed before still is (unless the very last step failed, making the renames durable:
     * then the new one is in place, but whether it survives a power cut is not known).
     */
    void commit(PartialFile partial, CommittedSnapshot snapshot) throws IOException {
        DatabaseId database = snapshot.database();
        partial.force();
        Optional<byte[]> before = OwnFiles.read(manifest(database), MAX_RECORD_BYTES);
        replace(manifest(database), format.manifest(snapshot));
        try {
            partial.publishAs(snapshot(database));
        } catch (IOException e) {
            restore(partial, snapshot, before, e);
            throw e;
        }
        force();
        partial.close();
    }

    private void restore(PartialFile partial, CommittedSnapshot snapshot, Optional<byte[]> before, IOException cause) {
        Path manifest = manifest(snapshot.database());
        try {
            if (before.isPresent()) {
                replace(manifest, before.get());
            } else {
                OwnFiles.remove(manifest);
            }
        } catch (IOException e) {
            cause.addSuppressed(e);
            partial.keep();
            halfCommitted.put(snapshot.database(), snapshot);
        }
    }

    /**
     * A commit that could be neither finished nor undone, because the disk failed twice, is finished now: until it is, the
     * manifest does not speak of the snapshot beside it, and nothing else may be done for its database.
     *
     * @return what is committed now, and was not before
     */
    Optional<CommittedSnapshot> finishCommit(DatabaseId database) throws IOException {
        Optional<CommittedSnapshot> half = Optional.ofNullable(halfCommitted.get(database));
        if (half.isPresent()) {
            OwnFiles.move(partial(database), snapshot(database));
            force();
            halfCommitted.remove(database);
        }
        return half;
    }

    /** The payload first: a manifest without one is removed at the next start, should this process die in between. */
    void removeSnapshot(DatabaseId database) throws IOException {
        OwnFiles.remove(snapshot(database));
        OwnFiles.remove(manifest(database));
        force();
    }

    /** Replaces a small file so that after a crash either the old or the new one is there, whole. */
    private void replace(Path file, byte[] bytes) throws IOException {
        Path next = unfinished(file.getFileName().toString());
        try {
            try (FileChannel channel = OwnFiles.create(next)) {
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            OwnFiles.move(next, file);
        } catch (IOException e) {
            OwnFiles.remove(next);
            throw e;
        }
    }

    /** Makes the renames durable. */
    void force() throws IOException {
        try (FileChannel directory = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            directory.force(true);
        }
    }

    private Path unfinished(String what) {
        // at random: what another process left, or somebody planted, must not be in the way
        return path.resolve("." + what + "." + own + "." + unfinished.incrementAndGet());
    }
}
