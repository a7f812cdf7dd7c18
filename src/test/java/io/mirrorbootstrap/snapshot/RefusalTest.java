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
}
