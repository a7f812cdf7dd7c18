package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

import io.mirrorbootstrap.store.DirectoryTakenException;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.LocalDisk;

/**
 * The directory that snapshots arrive in, {@code <data-dir>/recv_snapshots}, which all databases share: the places of its
 * files, the committed snapshots, and the lock of this process. Worker only.
 */
public final class SnapshotDirectory {

    /** The directory's name below the data directory. */
    public static final String NAME = "recv_snapshots";

    /** The file in the data directory that the process which uses it has locked. */
    private static final String LOCK = ".mirror-bootstrap.lock";

    private final Disk disk;
    private final NewFiles newFiles;
    private final Records records;
    private final DiskRoom room;
    private final StepTimes times;
    private final CommitProtocol commits;
    private final LetterCase letterCase;
    private final Map<DatabaseId, ReadInVain> readInVain = new ConcurrentHashMap<>();
    private final Map<DatabaseId, Manifest> readRight = new ConcurrentHashMap<>();

    /**
     * @param dataDirectory its parent; both are made when first needed
     * @param reserveBytes how much of the disk is left to the mirror itself, 0 or more
     * @param format how records are written
     */
    public SnapshotDirectory(Path dataDirectory, long reserveBytes, RecordFormat format) {
        this(dataDirectory, reserveBytes, format, StepTimes.NONE);
    }

    /** The same, which tells {@code times} how long the steps of receiving take. */
    public SnapshotDirectory(Path dataDirectory, long reserveBytes, RecordFormat format, StepTimes times) {
        this(new LocalDisk(dataDirectory.resolve(NAME), LOCK), reserveBytes, format, times);
    }

    /**
     * @param disk where it is
     * @param reserveBytes how much of the disk is left to the mirror itself, 0 or more
     * @param format how records are written
     */
    public SnapshotDirectory(Disk disk, long reserveBytes, RecordFormat format) {
        this(disk, reserveBytes, format, StepTimes.NONE);
    }

    /** The same, which tells {@code times} how long the steps of receiving take. */
    public SnapshotDirectory(Disk disk, long reserveBytes, RecordFormat format, StepTimes times) {
        this.times = times;
        this.disk = disk;
        this.room = new DiskRoom(disk, reserveBytes);
        this.newFiles = new NewFiles(disk, room);
        this.records = new Records(disk, newFiles, format);
        this.commits = new CommitProtocol(disk, records);
        this.letterCase = new LetterCase(disk, records, newFiles);
    }

    StepTimes times() {
        return times;
    }

    /** Where it is. */
    public Path path() {
        return disk.path();
    }

    /** Where the committed snapshot of {@code database} is, if there is one. */
    public Path snapshot(DatabaseId database) {
        return path().resolve(SnapshotNames.snapshot(database));
    }

    /** Where the manifest is, which describes {@link #snapshot}. */
    public Path manifest(DatabaseId database) {
        return path().resolve(SnapshotNames.manifest(database));
    }

    /** Where the payload accepted so far of {@code database} is. */
    public Path partial(DatabaseId database) {
        return path().resolve(SnapshotNames.partial(database));
    }

    /**
     * Makes the directory, checks that it can be written to, takes it for this process, and brings the files that an
     * earlier process left into order: a commit that was cut short is finished or undone, a transfer that can go on is
     * kept, unfinished files are removed, and a file of unknown meaning is put aside. Databases for which a payload has to
     * be read are left to {@link SnapshotReceiver#recover}, because that may take long. Where there are more databases than may be
     * known, the files of the others are left as they are.
     *
     * @throws IOException when it is not a directory, another process has it, or something cannot be done in it that a
     *             transfer needs: the message says which, and why
     */
    public Inventory prepare() throws IOException {
        return new StartUp(disk, records, newFiles).run(letterCase);
    }

    /** Brings the files of one database into order that {@link #prepare} could not without reading a payload. */
    Inventory read(DatabaseId database) throws IOException {
        return new StartUp(disk, records, newFiles).read(database);
    }

    /**
     * Looks whether the directory is still this process's alone, and puts back its lock file if that was removed: to be
     * called every second, on a thread that may hang with the disk.
     *
     * @return a repair, if one was necessary: a sentence, for the log
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
     * @return the finding, if it is another directory than at the last call: a sentence, for the log
     */
    public Optional<String> keepDirectory() throws IOException {
        Optional<String> another = disk.keepDirectory();
        if (another.isPresent()) {
            letterCase.anotherDirectory();
        }
        return another;
    }

    /** Whether a file can be made in the directory, at the cost of making one. */
    public boolean isWritable() {
        try {
            newFiles.probe();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** A place for payload whose destination is not known yet. */
    public PayloadSpill spill() {
        return new PayloadSpill(newFiles, room);
    }

    /** The committed snapshot of {@code database}, if there is one, known by its file's mark: nothing of it is read. */
    public Optional<CommittedSnapshot> committed(DatabaseId database) throws IOException {
        return records.marked(database).map(Manifest::snapshot);
    }

    /**
     * Opens the committed snapshot of {@code database} to be read, if there is one, known by its file's mark. Takes no lock, and holds up nobody.
     */
    public Optional<CommittedFile> open(DatabaseId database) throws IOException {
        return CommittedFile.open(disk, records, database);
    }

    /**
     * The same, also of a file whose mark is another than its manifest says, as a copy's is: {@link CommittedFile#handOn} tells whether it has
     * its bytes.
     */
    public Optional<CommittedFile> openUnmarked(DatabaseId database) throws IOException {
        return CommittedFile.openUnmarked(disk, records, database);
    }

    /**
     * Reads the committed snapshot of {@code database} back and compares it with its manifest.
     *
     * @return the snapshot; empty when there is none, or it has other bytes than the manifest says
     */
    public Optional<CommittedSnapshot> verify(DatabaseId database) throws IOException {
        return verify(database, Integer.MAX_VALUE, (bytes, total) -> {
        }) instanceof Verification.Right right ? Optional.of(right.snapshot()) : Optional.empty();
    }

    /**
     * Reads the committed snapshot of {@code database} back and says how it compares with its manifest. Takes no lock and changes nothing, so
     * another process may use the directory: where that commits a successor meanwhile, it begins again, with that one.
     *
     * @param most how often it begins
     * @param reading is told of each slice that was read, and may take its time
     */
    public Verification verify(DatabaseId database, int most, Reading reading) throws IOException {
        return new Comparison(disk, records, database, reading).run(most);
    }

    /** How many bytes the snapshot of {@code database} has, be it committed or not; 0 where there is none. */
    public long snapshotBytes(DatabaseId database) throws IOException {
        return disk.facts(SnapshotNames.snapshot(database)).map(FileFacts::bytes).orElse(0L);
    }

    /** The databases that have a manifest or a successor record, whether or not the snapshot that it describes is there. */
    public Set<DatabaseId> described() throws IOException {
        Set<DatabaseId> described = disk.names().stream().flatMap(name -> SnapshotNames.described(name).stream())
                .collect(Collectors.toSet());
        readInVain.keySet().retainAll(described); // else names that come and go would fill the memory
        readRight.keySet().retainAll(described);
        return described;
    }

    /** Databases whose commit a failing disk has left half done: {@link SnapshotReceiver#heal} is for them. Any thread. */
    public Set<DatabaseId> unfinishedCommits() {
        return commits.unfinished();
    }

    /** Which file was read for each database, and is not what its manifest says; it is not read again. Any thread. */
    Map<DatabaseId, ReadInVain> readInVain() {
        return readInVain;
    }

    /** Which file was read for each database, and is what its manifest says, which could not be written since; it is not read again. Any thread. */
    Map<DatabaseId, Manifest> readRight() {
        return readRight;
    }

    /** How much room this process has left on the volume, in bytes. Worker only: the disk may hang. */
    public long usableBytes() throws IOException {
        return disk.usableBytes();
    }

    /** How much room the volume has in all, in bytes. Worker only: the disk may hang. */
    public long totalBytes() throws IOException {
        return disk.totalBytes();
    }

    /** All access to the files. */
    Disk disk() {
        return disk;
    }

    /** The records beside the payloads. */
    Records records() {
        return records;
    }

    /** New files for payloads. */
    NewFiles newFiles() {
        return newFiles;
    }

    /** How much of the disk may be used. */
    DiskRoom room() {
        return room;
    }

    /** Which names the disk would not tell apart. */
    LetterCase letterCase() {
        return letterCase;
    }

    /** How a snapshot is committed here. */
    CommitProtocol commits() {
        return commits;
    }
}
