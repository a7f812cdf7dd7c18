package io.mirrorbootstrap.seed;

import java.util.Comparator;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.SnapshotTag;

/**
 * A snapshot that a sibling has.
 *
 * @param downloads how many are reading from it already
 * @param chance tells siblings apart that are equal in all else, for each sidecar in another way: else all would ask the same one
 */
record Offer(Sibling sibling, CommittedSnapshot snapshot, int downloads, int chance) {

    /** The newest first, of these who has least to do. */
    static final Comparator<Offer> ORDER = Comparator.comparing((Offer offer) -> offer.snapshot().lsn()).reversed()
            .thenComparing(Offer::downloads).thenComparing(Offer::chance);

    /** What it is announced as. */
    SnapshotIdentity identity() {
        return snapshot.streamId().map(stamp()::named).orElseGet(this::stamp);
    }

    /** What its chunks are stamped with. */
    SnapshotIdentity stamp() {
        return new SnapshotIdentity(snapshot.sourceClusterId(), snapshot.database(), snapshot.lsn(), snapshot.bytes(),
                snapshot.crc32c());
    }

    String tag() {
        return SnapshotTag.of(snapshot);
    }

    /** These bytes at this sibling. */
    record Name(String address, String tag) {
    }

    Name name() {
        return new Name(sibling.where(), tag());
    }
}
