package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;
import java.util.function.Supplier;

import io.mirrorbootstrap.snapshot.TransferEvent.FoundAgain;
import io.mirrorbootstrap.snapshot.TransferEvent.Lost;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.Shortage;

/**
 * Compares the files of one database, which only its receiver may change, with what is told of them: somebody may have taken them
 * away, and brought them back. The listener hears that a snapshot that is told to be committed is not, or that one is of which that is not
 * told; a transfer under way whose file is gone fails with the next message of its source, so that the source is told. In each
 * call {@code told} says which snapshot is told to be committed. A commit whose file is in place is
 * finished on the way. Worker only, any number of threads.
 */
public final class LostAndFound {

    /** What has come of a look. */
    public enum Look {
        /** What is told is so by now. */
        COMPARED,
        /** So it is, but a file may be the snapshot of its manifest, and has to be {@linkplain #read read} before that is told. */
        TO_BE_READ,
        /** Nothing, as another caller is at work here: look again. */
        BUSY
    }

    private final DatabaseId database;
    private final SnapshotDirectory directory;
    private final CurrentPhase phase;
    private final Guarded<Reception> reception;

    LostAndFound(DatabaseId database, SnapshotDirectory directory, CurrentPhase phase, Guarded<Reception> reception) {
        this.database = database;
        this.directory = directory;
        this.phase = phase;
        this.reception = reception;
    }

    /**
     * Looks whether what is told is so, at little cost: of a snapshot that is told, whether a file of its size is there.
     *
     * @throws IOException when that cannot be found out now
     */
    public Look look(Supplier<Optional<CommittedSnapshot>> told) throws IOException {
        return directory.commits().unfinished(database).isPresent() || mayDiffer(told.get())
                ? compare(told)
                : Look.COMPARED;
    }

    /** Needs no lock: a first look. */
    private boolean mayDiffer(Optional<CommittedSnapshot> told) throws IOException {
        return isPartialLost(phase.now()) || (told.isPresent() ? isLost(told.get()) : isFound());
    }

    /**
     * As {@link #look}, but of a snapshot that is told also whether the file has the mark of another one's record.
     *
     * @throws IOException when that cannot be found out now
     */
    public Look compare(Supplier<Optional<CommittedSnapshot>> told) throws IOException {
        return reception.ifFree(held -> compare(held, told)).orElse(Look.BUSY);
    }

    private Look compare(Reception held, Supplier<Optional<CommittedSnapshot>> told) throws IOException {
        if (isPartialLost(held.phase())) {
            held.phase().current().ifPresent(transfer -> transfer.file().lost());
        }
        directory.commits().takeUp(database);
        held.finishPublished();
        Optional<CommittedSnapshot> now = told.get(); // it may have been removed on request meanwhile
        if (now.isPresent() && isLost(now.get())) {
            held.events().tell(new Lost(now.get()));
            now = Optional.empty(); // another may have been put in its place
        }
        if (directory.unfinishedCommits().contains(database)) {
            return Look.COMPARED; // it is undone before anything is told
        }
        Optional<CommittedSnapshot> marked = directory.committed(database);
        if (marked.isPresent() && !marked.equals(now)) {
            tellFound(held, marked.get());
        }
        return now.isEmpty() && marked.isEmpty() && unmarked().isPresent() ? Look.TO_BE_READ : Look.COMPARED;
    }

    private void tellFound(Reception held, CommittedSnapshot snapshot) {
        held.events().tell(new FoundAgain(snapshot, directory.snapshot(database)));
    }

    /**
     * Reads a file that no record has the mark of, as it was copied here, for as long as the disk takes. If it is what its manifest says, the
     * manifest gets its mark, and the listener is told. A file that is not, or that cannot be read, is read once only. Where the process, its
     * machine or its disk has too little of something, that says nothing of the file: the next call reads on, or writes the manifest of what
     * has been read.
     *
     * @return false where it is not what its manifest says
     * @throws IOException when it cannot be read, or its manifest not be written
     */
    public boolean read(Supplier<Optional<CommittedSnapshot>> told) throws IOException {
        Optional<Manifest> described = unmarked();
        if (described.isEmpty()) {
            return true;
        }
        Manifest manifest = described.get();
        if (!manifest.equals(directory.readRight().get(database))) {
            directory.readInVain().put(database, ReadInVain.of(manifest));
            if (!isRight(manifest)) {
                return false;
            }
            directory.readRight().put(database, manifest);
            directory.readInVain().remove(database);
        }
        reception.doWhenFree(held -> take(held, told, manifest));
        directory.readRight().remove(database);
        return true;
    }

    private boolean isRight(Manifest manifest) throws IOException {
        String snapshot = SnapshotNames.snapshot(database);
        try {
            boolean isRight = ReadBack.isOf(directory.disk(), snapshot, manifest.snapshot());
            if (isRight) {
                ReadBack.makeDurable(directory.disk(), snapshot);
            }
            return isRight;
        } catch (IOException | RuntimeException | Error e) {
            if (isReadAgain(e)) {
                directory.readInVain().remove(database);
            }
            throw e;
        }
    }

    /** Whether what has failed in {@link #read} is tried again: it says nothing of the file. */
    public static boolean isReadAgain(Throwable failure) {
        return Shortage.is(failure) && !(failure instanceof NotForcedException);
    }

    /** What has been read of a file says nothing of one that has been written to, or exchanged, meanwhile: that is read again. */
    private void take(Reception held, Supplier<Optional<CommittedSnapshot>> told, Manifest read) throws IOException {
        if (told.get().isEmpty() && unmarked().equals(Optional.of(read))
                && !directory.unfinishedCommits().contains(database)) {
            directory.disk().force(); // the file's name before the old manifest goes
            directory.records().writeManifest(read);
            directory.disk().force();
            tellFound(held, read.snapshot());
        }
    }

    private boolean isLost(CommittedSnapshot told) throws IOException {
        Optional<FileFacts> file = file();
        boolean isThere = file.filter(facts -> facts.bytes() == told.bytes()).isPresent();
        return !isThere && !isSuccessor(file);
    }

    /** Whether the file is the next snapshot, whose commit is half done. */
    private boolean isSuccessor(Optional<FileFacts> file) throws IOException {
        return file.isPresent()
                && directory.records().successor(database).filter(record -> record.marks(file)).isPresent();
    }

    private boolean isFound() throws IOException {
        return file().isPresent() && (directory.committed(database).isPresent() || unmarked().isPresent());
    }

    /**
     * What the manifest would be with the mark of the file, which it has not, and may yet describe. Where the file has more bytes than its
     * whole file system it is a planted hole.
     */
    private Optional<Manifest> unmarked() throws IOException {
        Optional<FileFacts> file = file();
        Optional<Manifest> manifest = directory.records().manifest(database)
                .filter(record -> record.mayBe(file) && !record.marks(file));
        if (manifest.isEmpty() || file.get().bytes() > directory.disk().totalBytes()) {
            return Optional.empty();
        }
        Manifest marking = Manifest.of(manifest.get().snapshot(), file.get());
        return Optional.of(marking).filter(any -> !ReadInVain.of(marking).equals(directory.readInVain().get(database)));
    }

    private Optional<FileFacts> file() throws IOException {
        return directory.disk().facts(SnapshotNames.snapshot(database));
    }

    private static boolean isPartialLost(Phase phase) throws IOException {
        Optional<Transfer> transfer = phase.current();
        return transfer.isPresent() && transfer.get().file().facts().isEmpty();
    }
}
