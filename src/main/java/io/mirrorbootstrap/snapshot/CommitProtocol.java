package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FileFacts;

/**
 * How a verified partial file becomes the snapshot of its database. One rename, that of the payload, is the commit; all
 * that is needed to understand it is durable before, and the old snapshot and its manifest are not touched before:
 * <ol>
 * <li>force the payload: the caller has done that;</li>
 * <li>write the successor record, which describes the payload, and force the directory;</li>
 * <li>rename the payload, <b>the commit</b>, and force the directory: only now the old manifest may go, because a file system
 * that keeps no order among renames might lose the new payload and keep the new manifest;</li>
 * <li>write the same as the manifest, and force the directory: now the source is told;</li>
 * <li>remove the successor record.</li>
 * </ol>
 * Both records carry the mark of the file they speak of, so {@link Recovery} can tell at any point, in whatever order the
 * file system has made these steps durable, which of the two a {@code .snapshot} is: the crash matrix is there. Guarded by
 * the database's receiver.
 */
final class CommitProtocol {

    private final Disk disk;
    private final Records records;

    /** Databases whose payload is renamed, and for which a later step has failed. */
    private final Map<DatabaseId, Manifest> unfinished = new ConcurrentHashMap<>();

    /** Databases whose commit has failed before its rename, and whose successor record may come back after a power cut. */
    private final Set<DatabaseId> undone = ConcurrentHashMap.newKeySet();

    /** Databases whose snapshot is removed, and whose records, which still say whose it was, could not be. */
    private final Set<DatabaseId> removed = ConcurrentHashMap.newKeySet();

    CommitProtocol(Disk disk, Records records) {
        this.disk = disk;
        this.records = records;
    }

    /**
     * Commits {@code partial}, all of which is forced. When this returns, the snapshot survives a power cut. When it throws, either the
     * earlier snapshot is still the committed one, or, where the partial file {@linkplain PartialFile#isPublished() is
     * published}, the commit is to be {@linkplain #finish finished}.
     */
    void commit(PartialFile partial, CommittedSnapshot snapshot) throws IOException {
        DatabaseId database = snapshot.database();
        String payload = SnapshotNames.partial(database);
        assert partial.unforcedBytes() == 0;
        undo(database); // of an attempt before: later it would remove the record that is written now
        finishRemoval(database); // likewise
        FileFacts facts = partial.facts().filter(there -> there.bytes() == snapshot.bytes())
                .orElseThrow(() -> anotherFile(payload));
        Manifest manifest = Manifest.of(snapshot, facts);
        boolean renaming = false;
        try {
            records.writeSuccessor(manifest);
            disk.force();
            requireMark(payload, manifest); // the disk may have taken long, and a name is all that a rename knows
            renaming = true;
            disk.rename(payload, SnapshotNames.snapshot(database));
        } catch (IOException e) {
            if (!renaming || isSurelyPartial(payload, manifest, e)) {
                undone.add(database);
                undoNow(database, e);
                throw e;
            }
            // a rename that fails may have happened all the same, on a disk behind a network
            unfinished.put(database, manifest);
            partial.published();
            throw e;
        }
        unfinished.put(database, manifest);
        partial.published();
        if (finish(database).isEmpty()) {
            unfinished.remove(database); // nor is it there for who is told that it has failed
            throw anotherFile(SnapshotNames.snapshot(database));
        }
        closeQuietly(partial);
    }

    /** It is looked at when nothing is to be waited for any more: another file may have been given the name since. */
    private void requireMark(String payload, Manifest manifest) throws IOException {
        if (!manifest.marks(disk.facts(payload))) {
            throw anotherFile(payload);
        }
    }

    private static IOException anotherFile(String name) {
        return new IOException(name + " is not the file that was written: somebody has put another in its place");
    }

    /** All of it is durable: nothing depends on how its file is closed. */
    private static void closeQuietly(PartialFile partial) {
        try {
            partial.close();
        } catch (IOException e) {
            // as above
        }
    }

    private boolean isSurelyPartial(String payload, Manifest manifest, IOException failure) {
        try {
            return manifest.marks(disk.facts(payload));
        } catch (IOException e) {
            failure.addSuppressed(e);
            return false;
        }
    }

    /** The snapshot whose commit is to be {@linkplain #finish finished}, if there is one. Any thread. */
    Optional<CommittedSnapshot> unfinished(DatabaseId database) {
        return Optional.ofNullable(unfinished.get(database)).map(Manifest::snapshot);
    }

    /** The databases for which {@link #finish} has something to do. Any thread. */
    Set<DatabaseId> unfinished() {
        Set<DatabaseId> all = new HashSet<>(unfinished.keySet());
        all.addAll(undone);
        all.addAll(removed);
        return all;
    }

    private void undoNow(DatabaseId database, IOException failure) {
        try {
            undo(database);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * The payload is whole and its record durable: a start would finish the commit, though the source was told it failed.
     */
    private void undo(DatabaseId database) throws IOException {
        if (undone.contains(database)) {
            disk.remove(SnapshotNames.successor(database));
            disk.force();
            undone.remove(database);
        }
    }

    /**
     * Finishes a commit whose payload is renamed, and a removal, and undoes for good one whose payload is not. Until that has succeeded
     * the records may not speak of the snapshot beside them, so nothing else may be done for this database, unless somebody has
     * taken the payload away: then there is nothing to be finished before it is back, or another file has its place.
     *
     * @return the snapshot that this call has finished, if it is one
     */
    Optional<CommittedSnapshot> finish(DatabaseId database) throws IOException {
        undo(database);
        finishRemoval(database);
        Optional<Manifest> manifest = Optional.ofNullable(unfinished.get(database));
        Optional<FileFacts> there = manifest.isPresent()
                ? disk.facts(SnapshotNames.snapshot(database))
                : Optional.empty();
        if (manifest.isPresent() && !manifest.get().marks(there) && !isRenamedNow(database, manifest.get())) {
            if (there.isPresent()) {
                unfinished.remove(database);
            }
            return Optional.empty();
        }
        if (manifest.isPresent()) {
            disk.force();
            records.writeManifest(manifest.get());
            disk.force();
            unfinished.remove(database);
            removeQuietly(SnapshotNames.successor(database));
        }
        return manifest.map(Manifest::snapshot);
    }

    /** A snapshot that only its successor record describes was away, behind another file perhaps: its commit is to be finished, too. */
    void takeUp(DatabaseId database) throws IOException {
        Optional<Manifest> marked = records.marked(database);
        if (marked.isPresent() && !marked.equals(records.manifest(database))) {
            unfinished.put(database, marked.get());
        }
    }

    private boolean isRenamedNow(DatabaseId database, Manifest manifest) throws IOException {
        boolean isPartial = manifest.marks(disk.facts(SnapshotNames.partial(database)));
        if (isPartial) {
            disk.rename(SnapshotNames.partial(database), SnapshotNames.snapshot(database));
        }
        return isPartial;
    }

    /** A successor record that stays does no harm: it says the same as the manifest, or no file has its mark. */
    private void removeQuietly(String name) {
        try {
            disk.remove(name);
        } catch (IOException e) {
            // the next commit replaces it, the next start removes it
        }
    }

    /**
     * Removes the records of a snapshot that has been removed before: one without a payload is removed at the next start.
     *
     * @param isDescribed whether a record describes it
     * @throws IOException when the removal may not survive a power cut: it is to be {@linkplain #finish finished}
     */
    void forget(DatabaseId database, boolean isDescribed) throws IOException {
        unfinished.remove(database); // it may be away, and come back
        if (isDescribed) {
            removed.add(database);
        }
        removeRecords(database);
    }

    /** Unless somebody has brought the snapshot back meanwhile. */
    private void finishRemoval(DatabaseId database) throws IOException {
        if (removed.contains(database) && disk.facts(SnapshotNames.snapshot(database)).isEmpty()) {
            removeRecords(database);
        }
        removed.remove(database);
    }

    private void removeRecords(DatabaseId database) throws IOException {
        disk.force();
        disk.remove(SnapshotNames.successor(database));
        disk.remove(SnapshotNames.manifest(database));
        disk.force();
        removed.remove(database);
    }
}
