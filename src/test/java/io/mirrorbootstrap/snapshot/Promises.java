package io.mirrorbootstrap.snapshot;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The promises of a sidecar to a source at one instant, in {@link CrashSimulation}.
 *
 * @param committed the snapshot that was said to be committed, and that no source has asked to be removed
 * @param mayBe the other snapshots that may be found committed: a step of their commit or removal was under way, or has failed
 * @param sent the transfer that is kept when the link drops
 * @param durable how many of its bytes were said to be durable; 0 also where it is just being replaced
 */
record Promises(Optional<Whole> committed, Set<Whole> mayBe, Optional<Whole> sent, long durable) {

    static final Promises NONE = new Promises(Optional.empty(), Set.of(), Optional.empty(), 0);

    /**
     * A snapshot that a source has.
     *
     * @param identity all that there is to say
     * @param name of its bytes; then CRC-32C and, of each other, LSN are told at the end
     */
    record Whole(SnapshotIdentity identity, Optional<String> name, byte[] bytes) {

        boolean is(CommittedSnapshot snapshot) {
            return snapshot.lsn() == identity.lsn() && snapshot.bytes() == bytes.length
                    && snapshot.crc32c().equals(crc(bytes, bytes.length)) && snapshot.streamId().equals(name)
                    && snapshot.notes().equals(notes());
        }

        private Notes notes() {
            return new Notes(Optional.of("at " + identity.lsn()), Map.of());
        }

        /** As it is opened. */
        Announcement announcement() {
            SnapshotIdentity begun = chunk(false);
            return new Announcement(name.map(begun::named).orElse(begun), true, notes());
        }

        /** As a chunk says it. */
        SnapshotIdentity chunk(boolean last) {
            return last || name.isEmpty()
                    ? identity
                    : new SnapshotIdentity(identity.sourceClusterId(), identity.database(),
                            identity.lsn() % 2 == 0 ? 0 : identity.lsn(), identity.totalBytes(), Crc32c.EMPTY);
        }
    }

    static Crc32c crc(byte[] bytes, int length) {
        return Crc32c.of(ByteBuffer.wrap(bytes, 0, length));
    }

    Promises sending(Whole whole, long durableBytes) {
        return new Promises(committed, mayBe, Optional.of(whole), durableBytes);
    }

    Promises durable(long bytes) {
        return new Promises(committed, mayBe, sent, bytes);
    }

    Promises withoutTransfer() {
        return new Promises(committed, mayBe, Optional.empty(), 0);
    }

    /** Its last chunk is under way. */
    Promises mayCommit(Whole whole) {
        return new Promises(committed, with(Optional.of(whole)), sent, durable);
    }

    Promises committed(Whole whole) {
        return new Promises(Optional.of(whole), Set.of(), sent, durable);
    }

    /** A removal is under way. */
    Promises mayRemove() {
        return new Promises(Optional.empty(), with(committed), sent, durable);
    }

    Promises removed() {
        return new Promises(Optional.empty(), Set.of(), sent, durable);
    }

    private Set<Whole> with(Optional<Whole> another) {
        Set<Whole> all = new HashSet<>(mayBe);
        another.ifPresent(all::add);
        return all;
    }

    /** The snapshots that may be found committed. */
    Stream<Whole> allowed() {
        return Stream.concat(mayBe.stream(), committed.stream());
    }

    /** Whether {@code found} was not said to be committed yet. */
    boolean isNew(Optional<CommittedSnapshot> found) {
        return found.isPresent() && committed.filter(old -> old.is(found.get())).isEmpty();
    }
}
