package io.mirrorbootstrap.seed;

import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
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
 * @param since when its provider has had it; of an object that is not known
 * @param downloads how many are reading from its provider already
 * @param chance tells siblings apart that are equal in all else, for each sidecar in another way: else all would ask the same one
 */
record Offer(Provider provider, Announcement announcement, Optional<Crc32c> crc32c, Optional<String> owner, String tag,
        boolean isLasting, Instant since, int downloads, int chance) {

    /** These bytes at this provider. */
    record Name(DatabaseId database, String address, String tag) {
    }

    /**
     * The newest first, of these siblings, which are near, of these who has least to do. Of several snapshots with the same LSN, as databases
     * have that know none, the newest is that which has come last to whoever had it first: siblings read from each other long after.
     */
    static List<Offer> inOrder(Collection<Offer> offers) {
        Map<String, Instant> first = offers.stream().collect(
                Collectors.toMap(Offer::tag, Offer::since, (one, other) -> one.isBefore(other) ? one : other));
        return offers.stream()
                .sorted(Comparator.comparing((Offer offer) -> offer.identity().lsn())
                        .thenComparing(offer -> first.get(offer.tag())).reversed()
                        .thenComparing(offer -> offer.provider() instanceof SeedObject)
                        .thenComparing(Offer::downloads).thenComparing(Offer::chance))
                .toList();
    }

    /** What a sibling has. Bytes that have a name are announced by it alone, so that whoever has begun with them, it is the same transfer. */
    static Offer of(Sibling sibling, CommittedSnapshot snapshot, int downloads) {
        SnapshotIdentity nameless = identity(snapshot, snapshot.crc32c());
        SnapshotIdentity identity = snapshot.streamId().map(identity(snapshot, Crc32c.EMPTY)::named).orElse(nameless);
        return new Offer(sibling, new Announcement(identity, false, snapshot.notes()), Optional.of(snapshot.crc32c()),
                snapshot.owner(), SnapshotTag.of(snapshot), true, snapshot.committedAt(), downloads,
                ThreadLocalRandom.current().nextInt());
    }

    /** An object in storage. */
    static Offer of(SeedObject object, Announcement announcement, String tag, boolean isLasting) {
        return new Offer(object, announcement, object.crc32c(), Optional.empty(), tag, isLasting, Instant.EPOCH, 0, 0);
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
        return new Name(identity().database(), provider.where(), tag);
    }

    /** Whatever of the database is at this provider. */
    Name place() {
        return new Name(identity().database(), provider.where(), "");
    }
}
