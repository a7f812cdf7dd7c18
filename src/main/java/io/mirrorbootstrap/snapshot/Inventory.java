package io.mirrorbootstrap.snapshot;

import java.util.ArrayList;
import java.util.List;

/** What an earlier process left in the directory, brought into order. */
public final class Inventory {

    private final List<CommittedSnapshot> committed = new ArrayList<>();
    private final List<Checkpoint> resumable = new ArrayList<>();
    private final List<String> repairs = new ArrayList<>();

    Inventory() {
    }

    /** Snapshots that are there and verified. */
    public List<CommittedSnapshot> committed() {
        return List.copyOf(committed);
    }

    /** Transfers that a source may go on with. */
    public List<Checkpoint> resumable() {
        return List.copyOf(resumable);
    }

    /** What had to be mended or removed, and why: a sentence each, for the log. */
    public List<String> repairs() {
        return List.copyOf(repairs);
    }

    void add(CommittedSnapshot snapshot) {
        committed.add(snapshot);
    }

    void add(Checkpoint checkpoint) {
        resumable.add(checkpoint);
    }

    void repaired(String what) {
        repairs.add(what);
    }
}
