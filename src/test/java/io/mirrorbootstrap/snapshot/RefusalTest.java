package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

class RefusalTest {

    @Test
    void whomASourceMaySpeakForForgesNoLine() {
        assertEquals(
                "cluster \"x\" is none that this source may speak for here, only \"a\\u000a2026 INFO forged\", \"b\"",
                new Refusal.ClusterIdMismatch("x", List.of("a\n2026 INFO forged", "b")).message());
    }

    /** What becomes of the transfer depends on the chunk: a first one leaves it as it was. */
    @Test
    void aWrongSizeSaysNothingOfTheTransfer() {
        assertEquals("the chunk would make the snapshot 101 bytes, but its source says 100",
                new Refusal.SnapshotSizeMismatch(100, 101).message());
        assertEquals("the last chunk makes the snapshot 99 bytes, but its source says 100",
                new Refusal.SnapshotSizeMismatch(100, 99).message());
    }
}
