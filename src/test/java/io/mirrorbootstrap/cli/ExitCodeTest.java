package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.source.Outcome;

class ExitCodeTest {

    @Test
    void bytesThatTheSidecarHasLostCanBeSentAgain() {
        assertEquals(ExitCode.LINK, ExitCode.of(new Outcome.BytesLost("stream", 1, 2)));
        assertEquals(ExitCode.LINK,
                ExitCode.of(new Outcome.BytesDiffer("stream", 1, Crc32c.EMPTY, new Crc32c(1))));
    }
}
