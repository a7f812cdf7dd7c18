package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/**
 * What the bytes alone do not say about a snapshot.
 *
 * @param sourceClusterId the cluster that produced it, see {@link SnapshotIdentity#isValidClusterId}
 * @param database the database it is of
 * @param lsn its WAL position, 0 to 2^63-1; empty: it is looked for in the head of the snapshot ({@link SnapshotHead})
 * @param isMeant whether it is to replace what speaks against it at the sidecar: a later snapshot, one of another cluster, a transfer under way
 * @param notes for those who come after it
 * @param positionFile where the program that writes the snapshot leaves its position at its end
 */
public record Origin(String sourceClusterId, DatabaseId database, OptionalLong lsn, boolean isMeant, Notes notes,
        Optional<PositionFile> positionFile) {

    private static final int NAME_BYTES = 16;
    private static final String NO_LSN = "no LSN is known of this kind of snapshot: 0";

    /** With nothing else to say. */
    public Origin(String sourceClusterId, DatabaseId database, long lsn) {
        this(sourceClusterId, database, OptionalLong.of(lsn), false, Notes.NONE, Optional.empty());
    }

    /**
     * What is said of {@code input} before its bytes: the same of the same input, whoever brings it, where that has a lasting name or its
     * CRC-32C is known.
     *
     * @param input its head has come, where the LSN is looked for there
     * @param found is told what the head says, where it is asked
     * @throws IOException when the head cannot be read, with a sentence
     */
    public Announcement announcement(SnapshotInput input, Consumer<String> found)
            throws IOException, InterruptedException {
        Notes said = notes;
        long position = lsn.orElse(0);
        if (lsn.isEmpty()) {
            ByteBuffer first = input.head(Duration.ZERO).orElseThrow();
            Optional<SnapshotHead> head = SnapshotHead.of(first);
            found.accept(head.map(SnapshotHead::words).orElse(NO_LSN));
            position = head.map(SnapshotHead::lsn).orElse(0L);
            if (positionFile.isEmpty()) { // else that has the last word, and this one would come behind it with the next link
                said = new Notes(said.position().or(() -> head.flatMap(SnapshotHead::position)), said.labels());
            }
        }
        SnapshotIdentity nameless = new SnapshotIdentity(sourceClusterId, database, position, input.size().orElse(0),
                input.known().orElse(Crc32c.EMPTY));
        return new Announcement(input.known().isPresent()
                ? nameless
                : nameless.named(input.lastingName().orElseGet(Origin::randomName)), isMeant, said);
    }

    private static String randomName() {
        byte[] bytes = new byte[NAME_BYTES];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
