package io.mirrorbootstrap.seed;

import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.SnapshotTag;

/**
 * A snapshot that is somewhere else.
 *
 * @param announcement what is said of it before it comes
 * @param crc32c of all its bytes, where it is known before they have come
 * @param owner see {@link io.mirrorbootstrap.snapshot.Principal#owner}
 * @param tag what its provider tells it from later ones by
 * @param isLasting whether what has come of it before has the same bytes, or is found out if it has not
 * @param downloads how many are reading from its provider already
 * @param chance tells siblings apart that are equal in all else, for each sidecar in another way: else all would ask the same one
 */
record Offer(Provider provider, Announcement announcement, Optional<Crc32c> crc32c, Optional<String> owner, String tag,
        boolean isLasting, int downloads, int chance) {

    /** The newest first, of these siblings, which are near, of these who has least to do. */
    static final Comparator<Offer> ORDER = Comparator.comparing((Offer offer) -> offer.identity().lsn()).reversed()
            .thenComparing(offer -> offer.provider() instanceof SeedObject).thenComparing(Offer::downloads)
            .thenComparing(Offer::chance);

    /** These bytes at this provider. */
    record Name(String address, String tag) {
    }

    /** What a sibling has. Bytes that have a name are announced by it alone, so that whoever has begun with them, it is the same transfer. */
    static Offer of(Sibling sibling, CommittedSnapshot snapshot, int downloads) {
        SnapshotIdentity nameless = identity(snapshot, snapshot.crc32c());
        SnapshotIdentity identity = snapshot.streamId().map(identity(snapshot, Crc32c.EMPTY)::named).orElse(nameless);
        return new Offer(sibling, new Announcement(identity, false, snapshot.notes()), Optional.of(snapshot.crc32c()),
                snapshot.owner(), SnapshotTag.of(snapshot), true, downloads, ThreadLocalRandom.current().nextInt());
    }

    /** An object in storage. */
    static Offer of(SeedObject object, Announcement announcement, String tag, boolean isLasting) {
        return new Offer(object, announcement, object.crc32c(), Optional.empty(), tag, isLasting, 0, 0);
    }

    private static SnapshotIdentity identity(CommittedSnapshot snapshot, Crc32c crc32c) {
        return new SnapshotIdentity(snapshot.sourceClusterId(), snapshot.database(), snapshot.lsn(), snapshot.bytes(),
                crc32c);
    }

    /** What it is announced as. */
    SnapshotIdentity identity() {
        return announcement.identity();
    }

    /** What its chunks are stamped with. */
    SnapshotIdentity stamp() {
        return stamp(identity().totalCrc32c());
    }

    /** What its last chunk is stamped with. */
    SnapshotIdentity stamp(Crc32c crc32c) {
        return new SnapshotIdentity(identity().sourceClusterId(), identity().database(), identity().lsn(),
                identity().totalBytes(), crc32c);
    }

    Name name() {
        return new Name(provider.where(), tag);
    }
}
