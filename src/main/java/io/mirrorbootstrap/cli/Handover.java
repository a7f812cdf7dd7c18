package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.HandedOver;
import io.mirrorbootstrap.wire.JsonRecords;
import io.mirrorbootstrap.wire.MirrorStatus;

/**
 * What is here of the snapshot that a sidecar speaks of.
 *
 * @param dataDirectory where the sidecar's data directory is here; empty: where the sidecar has it
 * @param verify whether the file is read
 */
record Handover(Optional<Path> dataDirectory, boolean verify) {

    /** What is found. */
    sealed interface Finding {
    }

    /** It is there. */
    record There(HandedOver snapshot) implements Finding {
    }

    /** It is there, and open: to be closed. */
    record Opened(HandedOver snapshot, CommittedFile file) implements Finding {
    }

    /**
     * What is there is not the snapshot that is waited for.
     *
     * @param why in words
     */
    record Doubt(String why) implements Finding {
    }

    /**
     * Why nothing can be done with where the snapshot is said to be. Where it is here is told by {@code --data-dir} if that
     * is there, and by nobody else.
     */
    Optional<String> impossible(DatabaseId database, MirrorStatus status) {
        if (status.snapshotPath().isEmpty()) {
            return Optional.empty();
        }
        String told = status.snapshotPath().get();
        if (dataDirectory.isEmpty() && !isSnapshot(database, told)) {
            return Optional.of("the sidecar has the snapshot of " + database + " at " + Text.readable(told)
                    + ", which is no absolute path here that ends in " + SnapshotDirectory.NAME + "/" + database
                    + ".snapshot");
        }
        Path file = directory(status).snapshot(database);
        return Text.isPlain(file.toString())
                ? Optional.empty()
                : Optional.of("the snapshot of " + database + " is at " + Text.readable(file.toString())
                        + ", and no line that says so could be relied upon");
    }

    /** Why what the source has said of a snapshot cannot be told to a script. */
    static Optional<String> unreliable(HandedOver snapshot) {
        return snapshot.position().filter(text -> !Text.isPlain(text))
                .map(text -> "the snapshot of " + snapshot.database() + " has the position " + Text.readable(text)
                        + ", and no line that says so could be relied upon");
    }

    /**
     * Looks for it, and reads it where it is to be read.
     *
     * @param status has a path of a snapshot that is not impossible
     * @param patience does not count the reading
     */
    Finding find(DatabaseId database, MirrorStatus status, Patience patience) throws IOException {
        SnapshotDirectory directory = directory(status);
        Path file = directory.snapshot(database);
        boolean following = status.word().equals(MirrorStatus.FOLLOWING); // else its numbers are a successor's
        if (!verify && following) { // the files need not be in reach
            return new There(new HandedOver(database, file.toString(), status.lsn(), status.crc32c().orElseThrow(),
                    status.bytesTotal(), status.position()));
        }
        Optional<CommittedSnapshot> there = verify ? Optional.empty() : directory.committed(database);
        if (there.isEmpty()) { // also where the mark of the file differs, as a copy's does
            there = patience.uncounted(() -> directory.verify(database));
        }
        if (there.isEmpty()) {
            return missing(file);
        }
        CommittedSnapshot snapshot = there.get();
        String here = numbers(snapshot.lsn(), snapshot.crc32c(), snapshot.bytes());
        String told = following ? numbers(status.lsn(), status.crc32c().orElseThrow(), status.bytesTotal()) : here;
        return told.equals(here)
                ? new There(new HandedOver(database, file.toString(), snapshot.lsn(), snapshot.crc32c(),
                        snapshot.bytes(), snapshot.notes().position()))
                : another(file, told, here);
    }

    /** Opens what {@link #find} has found with this status: its bytes need not have been read. */
    Finding open(HandedOver snapshot, MirrorStatus status) throws IOException {
        Optional<CommittedFile> opened = directory(status).openUnmarked(snapshot.database());
        Path file = Path.of(snapshot.path());
        if (opened.isEmpty()) {
            return missing(file);
        }
        CommittedSnapshot there = opened.get().snapshot();
        String here = numbers(there.lsn(), there.crc32c(), there.bytes());
        String told = numbers(snapshot.lsn(), snapshot.crc32c(), snapshot.bytes());
        if (told.equals(here)) {
            return new Opened(snapshot, opened.get());
        }
        opened.get().close();
        return another(file, told, here);
    }

    private static Doubt missing(Path file) {
        return new Doubt(file + " is not what its manifest says, or one of them is missing");
    }

    private static Doubt another(Path file, String told, String here) {
        return new Doubt("the sidecar has " + told + ", but " + file + " is " + here
                + ": another volume (--data-dir), or another sidecar (--url)?");
    }

    /** What is told of a snapshot that is not handed over: its numbers are its manifest's, as the status has its successor's. */
    String unseen(DatabaseId database, MirrorStatus status) {
        if (verify || status.snapshotPath().isEmpty()) {
            return "";
        }
        Path file = directory(status).snapshot(database);
        return "; an earlier snapshot is there, but " + file + (Files.exists(file)
                ? " is not what its manifest says"
                : " cannot be seen from here (--data-dir)");
    }

    private static String numbers(long lsn, Crc32c crc32c, long bytes) {
        return "LSN " + lsn + ", CRC-32C " + crc32c + ", " + bytes + " bytes";
    }

    private static boolean isSnapshot(DatabaseId database, String told) {
        try {
            Path path = Path.of(told);
            return path.isAbsolute() && path.endsWith(Path.of(SnapshotDirectory.NAME, database + ".snapshot"));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private SnapshotDirectory directory(MirrorStatus status) {
        Path data = dataDirectory
                .orElseGet(() -> Path.of(status.snapshotPath().orElseThrow()).getParent().getParent());
        return new SnapshotDirectory(data, 0, new JsonRecords());
    }
}
