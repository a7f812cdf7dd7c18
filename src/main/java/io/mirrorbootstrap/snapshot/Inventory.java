package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import io.mirrorbootstrap.store.Disk;

/** The snapshots and transfers that an earlier process left in the directory, brought into order. */
public final class Inventory {

    /** How many databases may be known at a time: each takes memory, and anybody who shares the volume can put files there. */
    public static final int MAX_DATABASES = 1000;

    private final List<CommittedSnapshot> committed = new ArrayList<>();
    private final List<Resumable> resumable = new ArrayList<>();
    private final List<DatabaseId> toBeRead = new ArrayList<>();
    private final List<DatabaseId> leftOut = new ArrayList<>();
    private final Set<DatabaseId> known = new HashSet<>();
    private final List<String> repairs = new ArrayList<>();
    /** The names of all files, once they are needed: with thousands of planted files, each is looked for among all. */
    private Optional<Set<String>> names = Optional.empty();

    /**
     * A transfer that a source may go on with.
     *
     * @param age the time since the last write to it, as far as the wall clock of then and now can be believed; 0 or more
     */
    public record Resumable(Checkpoint checkpoint, Duration age) {

        /** A transfer that was written to just now. */
        public static Resumable of(Checkpoint checkpoint) {
            return new Resumable(checkpoint, Duration.ZERO);
        }
    }

    Inventory() {
    }

    /** Snapshots that are there and verified. */
    public List<CommittedSnapshot> committed() {
        return List.copyOf(committed);
    }

    /** Transfers that a source may go on with. */
    public List<Resumable> resumable() {
        return List.copyOf(resumable);
    }

    /** Databases of which nothing can be said before a payload has been read, the one with the least to be read first. */
    public List<DatabaseId> toBeRead() {
        return List.copyOf(toBeRead);
    }

    /** Databases whose files are left as they are, as {@link #MAX_DATABASES} others are known: by name. */
    public List<DatabaseId> leftOut() {
        return List.copyOf(leftOut);
    }

    /** The repairs and removals, with their reasons: a sentence each, for the log. */
    public List<String> repairs() {
        return List.copyOf(repairs);
    }

    void add(CommittedSnapshot snapshot) {
        committed.add(snapshot);
        known.add(snapshot.database());
    }

    void add(Resumable left) {
        resumable.add(left);
        known.add(left.checkpoint().database());
    }

    void toBeRead(DatabaseId database) {
        toBeRead.add(database);
    }

    void leftOut(DatabaseId database) {
        leftOut.add(database);
    }

    /** How many databases have a snapshot or a transfer, as far as no payload has to be read to tell. */
    int known() {
        return known.size();
    }

    /** A name for a file of {@code database} that is put aside: no file has it, and it is given once. */
    String aside(DatabaseId database, Disk disk) throws IOException {
        if (names.isEmpty()) {
            names = Optional.of(new HashSet<>(disk.names()));
        }
        int n = 1;
        while (!names.get().add(SnapshotNames.aside(database, n))) {
            n++;
        }
        return SnapshotNames.aside(database, n);
    }

    void repaired(String what) {
        repairs.add(what);
    }
}
