package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** The name by which a person finds one transfer in the logs of both ends. */
class TransferIdTest {

    private static final DatabaseId DATABASE = new DatabaseId("orders");
    private static final SnapshotIdentity KNOWN = new SnapshotIdentity("größe-1", DATABASE, 7, 5, new Crc32c(1));

    @Test
    void itIsTheSameInEveryProcessAndVersion() {
        assertEquals("3a014c40", KNOWN.transferId());
        assertEquals("bfbe17cb", KNOWN.named("s").transferId());
    }

    @Test
    void whatIsToldAtTheEndOfNamedBytesDoesNotChangeIt() {
        SnapshotIdentity begun = new SnapshotIdentity("größe-1", DATABASE, 0, 0, Crc32c.EMPTY).named("s");
        assertEquals(begun.transferId(), KNOWN.named("s").transferId());
    }

    @Test
    void norDoesItsOwnerWhomOnlyTheSidecarKnows() {
        assertEquals(KNOWN.transferId(), KNOWN.ownedBy(Optional.of("a")).transferId());
    }

    @Test
    void anotherTransferHasAnotherOne() {
        DatabaseId other = new DatabaseId("order");
        long names = Stream.of(KNOWN, KNOWN.named("s"), KNOWN.named("t"),
                new SnapshotIdentity("c", DATABASE, 7, 5, new Crc32c(1)),
                new SnapshotIdentity("größe-1", other, 7, 5, new Crc32c(1)),
                new SnapshotIdentity("größe-1", DATABASE, 8, 5, new Crc32c(1)),
                new SnapshotIdentity("größe-1", DATABASE, 7, 6, new Crc32c(1)),
                new SnapshotIdentity("größe-1", DATABASE, 7, 5, new Crc32c(2)))
                .map(SnapshotIdentity::transferId).distinct().count();
        assertEquals(8, names);
    }
}
