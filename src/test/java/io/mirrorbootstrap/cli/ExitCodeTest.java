package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.source.Outcome;

class ExitCodeTest {

    @Test
    void bytesThatTheSidecarHasLostCanBeSentAgain() {
        assertEquals(ExitCode.LINK, ExitCode.of(new Outcome.BytesLost("stream", 1, 2)));
        assertEquals(ExitCode.LINK,
                ExitCode.of(new Outcome.BytesDiffer("stream", 1, Crc32c.EMPTY, new Crc32c(1))));
        assertEquals(ExitCode.LINK, ExitCode.of(new Outcome.LeftBehind("stream", Duration.ofSeconds(10), 5)));
    }

    @Test
    void ofSeveralTheWorstCounts() {
        Outcome lost = new Outcome.LinkLost(Outcome.LinkLost.CUT, "", 5);
        Outcome refused = new Outcome.NotUnderstood("no sidecar");
        Outcome failed = new Outcome.ProducerFailed("dump", "ended with status 1");
        assertEquals(ExitCode.LINK, ExitCode.of(List.of(lost, lost)));
        assertEquals(ExitCode.REFUSED, ExitCode.of(List.of(lost, refused)));
        assertEquals(ExitCode.COMMAND, ExitCode.of(List.of(refused, failed, lost)));
    }
}
