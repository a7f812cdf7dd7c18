package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Brings the files of one database into order after whatever end the last process had. What can be there, by the step of
 * the commit before which the machine died:
 * <table>
 * <caption>crash matrix</caption>
 * <tr><th>died before</th><th>manifest</th><th>.snapshot</th><th>.partial</th><th>start-up</th></tr>
 * <tr><td>payload forced</td><td>old or none</td><td>old or none</td><td>any</td><td>resumes from the checkpoint, or
 * removes the partial file</td></tr>
 * <tr><td>manifest renamed</td><td>old or none</td><td>old or none</td><td>whole</td><td>the same</td></tr>
 * <tr><td>payload renamed</td><td>new</td><td>old or none</td><td>whole, forced</td><td>renames it: the commit is
 * finished</td></tr>
 * <tr><td>directory forced</td><td>either of the rows around this one</td><td></td><td></td><td>as there</td></tr>
 * <tr><td>checkpoint removed</td><td>new</td><td>new</td><td>none</td><td>removes the checkpoint</td></tr>
 * </table>
 */
final class Recovery {

    private final SnapshotDirectory directory;
    private final DatabaseId database;
    private final Inventory inventory;

    Recovery(SnapshotDirectory directory, DatabaseId database, Inventory inventory) {
        this.directory = directory;
        this.database = database;
        this.inventory = inventory;
    }

    void run() throws IOException {
        committed();
        underWay();
    }

    private void committed() throws IOException {
        Path snapshot = directory.snapshot(database);
        Optional<CommittedSnapshot> manifest = directory.readManifest(database);
        if (manifest.isEmpty()) {
            if (OwnFiles.attributes(snapshot).isPresent()) {
                inventory.repaired(snapshot + " has no manifest that can be read: it is not taken for a snapshot");
            }
            return;
        }
        // where it is in place already, what has the same bytes is another transfer, and kept as that
        if (SnapshotDirectory.isIn(directory.partial(database), manifest.get())
                && !SnapshotDirectory.isIn(snapshot, manifest.get())) {
            OwnFiles.move(directory.partial(database), snapshot);
            directory.force();
            inventory.repaired(snapshot + ": its commit was cut short, and is finished");
        }
        if (OwnFiles.size(snapshot) == manifest.get().bytes()) {
            inventory.add(manifest.get());
            return;
        }
        inventory.repaired(snapshot + " has " + OwnFiles.size(snapshot) + " bytes (-1: it is missing), not "
                + manifest.get().bytes() + " as its manifest says: both are removed");
        OwnFiles.remove(snapshot);
        OwnFiles.remove(directory.manifest(database));
    }

    private void underWay() throws IOException {
        Path partial = directory.partial(database);
        long there = OwnFiles.size(partial);
        Optional<Checkpoint> checkpoint = directory.readCheckpoint(database);
        if (there >= 0 && checkpoint.isPresent() && there >= checkpoint.get().bytes()) {
            inventory.add(checkpoint.get());
            return;
        }
        if (there >= 0) {
            inventory.repaired(partial + " cannot be resumed, it has "
                    + (checkpoint.isPresent() ? "fewer bytes than its checkpoint says" : "no checkpoint")
                    + ": it is removed");
        }
        OwnFiles.remove(directory.checkpoint(database));
        OwnFiles.remove(partial);
    }
}
