package io.mirrorbootstrap.snapshot;

/**
 * What a source says before it sends a snapshot.
 *
 * @param identity of the snapshot
 * @param isMeant whether it is meant, though an earlier snapshot or a transfer under way speaks against it
 * @param notes for those who come after it
 */
public record Announcement(SnapshotIdentity identity, boolean isMeant, Notes notes) {

    /** With nothing to say but which snapshot it is. */
    public static Announcement of(SnapshotIdentity identity) {
        return new Announcement(identity, false, Notes.NONE);
    }

    /** The same, on behalf of {@code source}. */
    Announcement by(Source source) {
        return new Announcement(identity.ownedBy(source.principal().owner()), isMeant, notes);
    }
}
