package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

import io.mirrorbootstrap.store.DirectoryTakenException;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.DiskFull;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.LocalDisk;
import io.mirrorbootstrap.store.Reason;

/**
 * The directory that snapshots arrive in, {@code <data-dir>/recv_snapshots}: the records in it, and what all databases share.
 * Worker only.
 */
public final class SnapshotDirectory {

    /** The directory's name below the data directory. */
    public static final String NAME = "recv_snapshots";

    /** The file in the data directory that is locked by the process that uses it. */
    private static final String LOCK = ".mirror-bootstrap.lock";

    /** No record is longer; a longer file is none. */
    private static final int MAX_RECORD_BYTES = 64 * 1024;

    private final String own = UUID.randomUUID().toString();
    private final Disk disk;
    private final long reserveBytes;
    private final RecordFormat format;
    private final AtomicLong unfinished = new AtomicLong();
    private final CommitProtocol commits;

    /**
     * @param dataDirectory its parent; both are made when first needed
     * @param reserveBytes how much of the disk is left to the mirror itself, 0 or more
     * @param format how manifests are written
     */
    public SnapshotDirectory(Path dataDirectory, long reserveBytes, RecordFormat format) {
        this(new LocalDisk(dataDirectory.resolve(NAME), LOCK), reserveBytes, format);
    }

    /**
     * @param disk where it is
     * @param reserveBytes how much of the disk is left to the mirror itself, 0 or more
     * @param format how manifests are written
     */
    public SnapshotDirectory(Disk disk, long reserveBytes, RecordFormat format) {
        this.disk = disk;
        this.reserveBytes = reserveBytes;
        this.format = format;
        this.commits = new CommitProtocol(this);
    }

    /** Where it is. */
    public Path path() {
        return disk.path();
    }

    /** Where the committed snapshot of {@code database} is, if there is one. */
    public Path snapshot(DatabaseId database) {
        return path().resolve(SnapshotNames.snapshot(database));
    }

    /** Where what {@link #snapshot} is stands. */
    public Path manifest(DatabaseId database) {
        return path().resolve(SnapshotNames.manifest(database));
    }

    /** Where the payload accepted so far of {@code database} is. */
    public Path partial(DatabaseId database) {
        return path().resolve(SnapshotNames.partial(database));
    }

    /** Databases whose commit a failing disk has left half done: {@link SnapshotReceiver#heal} is for them. Any thread. */
    public Set<DatabaseId> unfinishedCommits() {
        return commits.unfinished();
    }

    /** All access to the files. */
    Disk disk() {
        return disk;
    }

    /** How a snapshot is committed here. */
    CommitProtocol commits() {
        return commits;
    }

    /**
     * Makes the directory, checks that it can be written to, takes it for this process, and brings what an earlier
     * process left into order: a commit that was cut short is finished or undone, a transfer that can be resumed is kept,
     * what was being written is removed, what nobody can say the meaning of is put aside. Databases for which a payload has
     * to be read are left to {@link SnapshotReceiver#recover}, because that may take long.
     *
     * @throws IOException when it is not a directory, another process has it, or something cannot be done in it that a transfer
     *             needs: the message says which, and why
     */
    public Inventory prepare() throws IOException {
        Inventory inventory = new Inventory();
        disk.lock();
        step("it cannot be made", disk::make);
        tryOut(inventory);
        // what an earlier process changed and did not force is built upon from now on
        step("its list of names cannot be made durable", disk::force);
        Set<DatabaseId> databases = new TreeSet<>(Comparator.comparing(DatabaseId::value));
        for (String name : disk.names()) {
            if (SnapshotNames.isUnfinished(name)) {
                removeUnfinished(name, inventory);
            }
            SnapshotNames.database(name).ifPresent(databases::add);
        }
        Map<DatabaseId, Long> toBeRead = new HashMap<>();
        for (DatabaseId database : databases) {
            if (!recoverWithoutReading(database, inventory)) {
                toBeRead.put(database, payloadBytes(database));
            }
        }
        // the least first: who plants gigabytes that have to be read, be they a hole, holds up nobody but others who do
        toBeRead.entrySet().stream().sorted(Map.Entry.comparingByValue()).map(Map.Entry::getKey)
                .forEach(inventory::toBeRead);
        disk.force();
        return inventory;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    private static void step(String failed, Step step) throws IOException {
        try {
            step.run();
        } catch (DirectoryTakenException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(failed + ": " + Reason.of(e), e);
        }
    }

    /** All that a transfer does to files: what cannot be done is said now. A full disk can be emptied, and stops nothing. */
    private void tryOut(Inventory inventory) throws IOException {
        String name = unfinished("probe");
        String renamed = unfinished("probe");
        try {
            DiskFile[] made = new DiskFile[1];
            step("no file can be made in it", () -> made[0] = disk.create(name));
            try (DiskFile file = made[0]) {
                step("a file in it cannot be written to", () -> file.write(ByteBuffer.wrap(new byte[1]), 0));
                step("a file in it cannot be made durable", file::force);
                step("a file in it cannot be cut", () -> file.truncate(0));
            }
            step("a file in it cannot be renamed", () -> disk.rename(name, renamed));
        } catch (IOException e) {
            if (!DiskFull.is(e.getCause())) {
                throw e;
            }
            inventory.repaired(path() + " has no room now: " + e.getMessage());
        }
        removeUnfinished(name, inventory);
        removeUnfinished(renamed, inventory);
    }

    /** One file that cannot be removed, as a busy one of NFS, is in nobody's way: names are not used twice. */
    private void removeUnfinished(String name, Inventory inventory) {
        try {
            disk.remove(name);
        } catch (IOException e) {
            inventory.repaired(path().resolve(name) + " is of no worth and cannot be removed: " + Reason.of(e));
        }
    }

    /** One database whose files cannot be brought into order stops no other: it is tried again when the start is over. */
    private boolean recoverWithoutReading(DatabaseId database, Inventory inventory) {
        try {
            return new Recovery(this, database, inventory).runWithoutReading();
        } catch (IOException e) {
            inventory.repaired(database + ": its files cannot be brought into order: " + Reason.of(e));
            return false;
        }
    }

    /** What may have to be read of a database at most, in bytes. */
    private long payloadBytes(DatabaseId database) {
        try {
            long partial = disk.facts(SnapshotNames.partial(database)).map(FileFacts::bytes).orElse(0L);
            return partial + disk.facts(SnapshotNames.snapshot(database)).map(FileFacts::bytes).orElse(0L);
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    /** Brings the files of one database into order that {@link #prepare} could not without reading a payload. */
    Inventory read(DatabaseId database) throws IOException {
        Inventory inventory = new Inventory();
        new Recovery(this, database, inventory).run();
        disk.force();
        return inventory;
    }

    /**
     * Looks whether the directory is still this process's alone, and puts back what was removed of that: to be called every
     * second, on a thread that may hang with the disk.
     *
     * @return what had to be mended: a sentence, for the log
     * @throws DirectoryTakenException when another process has it; this one changes nothing in it any more, and should end
     * @throws IOException when that cannot be told or mended now
     */
    public Optional<String> keepLock() throws IOException {
        return disk.keepLock();
    }

    /**
     * Looks whether the directory is still there, and makes it again if it is not: to be called every second, like
     * {@link #keepLock}.
     *
     * @return what was found, if it is another directory than at the last call: a sentence, for the log
     */
    public Optional<String> keepDirectory() throws IOException {
        return disk.keepDirectory();
    }

    /** Whether a file can be made in the directory, at the cost of making one. */
    public boolean isWritable() {
        try {
            disk.make();
            probe();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void probe() throws IOException {
        PartialFile.create(disk, unfinished("probe")).discard();
    }

    /** How much of the disk is left to the mirror itself, in bytes. */
    long reserveBytes() {
        return reserveBytes;
    }

    /** The bytes that may still be written without touching the reserve, 0 or more. */
    public long available() throws IOException {
        return Math.max(0, disk.usableBytes() - reserveBytes);
    }

    /**
     * What is said when the disk has no room.
     *
     * @param needed how many bytes, 0 or more
     * @param failure what told it; empty when nothing was tried
     */
    Refusal noRoom(long needed, Optional<Exception> failure) {
        long available = 0;
        try {
            available = available();
        } catch (IOException e) {
            // nothing is known to be available
        }
        return new Refusal.InsufficientStorage(needed, available, reserveBytes,
                other(needed, available, failure.filter(DiskFull::is)));
    }

    private static Optional<String> other(long needed, long available, Optional<Exception> failure) {
        if (failure.isEmpty()) {
            return Optional.empty();
        } else if (DiskFull.isQuota(failure.get())) {
            return Optional.of("the quota on the mirror's disk is used up");
        } else if (available < Math.max(1, needed)) {
            return Optional.empty();
        }
        return Optional.of(DiskFull.isOfName(failure.get())
                ? "no more file can be made on the mirror's disk: it has no inode left, but " + available
                        + " bytes that may be used"
                : "the mirror's disk says that it is full, though it has " + available + " bytes that may be used");
    }

    /** A place for payload that does not know yet where it belongs. */
    public PayloadSpill spill() {
        return new PayloadSpill(this);
    }

    /** A file that nobody else sees, and that is gone when it is closed, whoever dies. */
    DiskFile unnamedFile() throws IOException {
        disk.make();
        return disk.createUnnamed(unfinished("spill"));
    }

    /** A new file for a transfer that is not yet worth the name {@code .partial}. */
    PartialFile begin(DatabaseId database) throws IOException {
        disk.make();
        return PartialFile.create(disk, unfinished(database.value()));
    }

    /** The committed snapshot of {@code database}, if there is one, known by its file's mark: nothing of it is read. */
    public Optional<CommittedSnapshot> committed(DatabaseId database) throws IOException {
        return marked(database).map(Manifest::snapshot);
    }

    /** The record that speaks of the file that is the snapshot now: behind its rename that is the successor record. */
    private Optional<Manifest> marked(DatabaseId database) throws IOException {
        Optional<FileFacts> file = disk.facts(SnapshotNames.snapshot(database));
        Optional<Manifest> manifest = readManifest(database).filter(record -> record.marks(file));
        return manifest.isPresent() ? manifest : readSuccessor(database).filter(record -> record.marks(file));
    }

    private Optional<Manifest> describing(DatabaseId database) throws IOException {
        Optional<Manifest> marked = marked(database);
        return marked.isPresent() ? marked : readManifest(database);
    }

    /**
     * Reads the committed snapshot of {@code database} back and compares it with its manifest.
     *
     * @return what it is; empty when there is none, or it is not what the manifest says
     */
    public Optional<CommittedSnapshot> verify(DatabaseId database) throws IOException {
        Optional<Manifest> manifest = describing(database);
        while (true) {
            boolean right = manifest.isPresent() && isIn(SnapshotNames.snapshot(database), manifest.get().snapshot());
            Optional<Manifest> after = describing(database);
            if (after.equals(manifest)) {
                return right ? manifest.map(Manifest::snapshot) : Optional.empty();
            }
            manifest = after; // meanwhile a successor has taken its place
        }
    }

    /** Whether the file of this name has the bytes of {@code snapshot}, all of which are read if there are as many. */
    boolean isIn(String name, CommittedSnapshot snapshot) throws IOException {
        return disk.facts(name).filter(facts -> facts.bytes() == snapshot.bytes()).isPresent()
                && ReadBack.of(disk, name, 0, snapshot.bytes()).crc32c().equals(snapshot.crc32c());
    }

    /** What the manifest of {@code database} says, if there is one that can be read. */
    Optional<Manifest> readManifest(DatabaseId database) throws IOException {
        return readManifest(database, SnapshotNames.manifest(database));
    }

    /** What is said of the snapshot that is about to be, or has just become, the one of {@code database}. */
    Optional<Manifest> readSuccessor(DatabaseId database) throws IOException {
        return readManifest(database, SnapshotNames.successor(database));
    }

    private Optional<Manifest> readManifest(DatabaseId database, String name) throws IOException {
        return disk.read(name, MAX_RECORD_BYTES).flatMap(format::manifest)
                .filter(manifest -> manifest.snapshot().database().equals(database));
    }

    /** What the checkpoint of {@code database} says, if there is one that can be read. */
    Optional<Checkpoint> readCheckpoint(DatabaseId database) throws IOException {
        return disk.read(SnapshotNames.checkpoint(database), MAX_RECORD_BYTES).flatMap(format::checkpoint)
                .filter(checkpoint -> checkpoint.database().equals(database));
    }

    /** Replaces the checkpoint; when this returns, it survives a power cut. Its payload must have been forced before. */
    void write(Checkpoint checkpoint) throws IOException {
        replace(SnapshotNames.checkpoint(checkpoint.database()), format.checkpoint(checkpoint));
        disk.force();
    }

    /** Replaces one of the two records that speak of a snapshot; it survives a power cut when the disk has been forced. */
    void write(String name, Manifest manifest) throws IOException {
        replace(name, format.manifest(manifest));
    }

    /** Replaces a small file so that after a crash either the old or the new one is there, whole. */
    private void replace(String name, byte[] bytes) throws IOException {
        String next = unfinished(name);
        try {
            try (DiskFile file = disk.create(next)) {
                file.write(ByteBuffer.wrap(bytes), 0);
                file.force();
            }
            disk.rename(next, name);
        } catch (IOException e) {
            disk.remove(next);
            throw e;
        }
    }

    private String unfinished(String what) {
        // at random: what another process left, or somebody planted, must not be in the way
        return SnapshotNames.unfinished(what, own + "." + unfinished.incrementAndGet());
    }
}
