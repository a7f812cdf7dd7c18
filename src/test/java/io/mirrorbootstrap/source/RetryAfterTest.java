package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.DatabaseId;

/** How long a sidecar, or who stands before it, is let alone when it says so. */
@Timeout(60)
class RetryAfterTest {

    private static final Instant NOW = Instant.parse("2026-11-26T08:00:00Z");

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"7|7", "0|0", "' 7 '|7", "3600|60", "99999999999999999999|60", "-1|", "soon|",
            "''|", "|",
            "Thu, 26 Nov 2026 08:00:20 GMT|20", "Thu, 26 Nov 2026 09:00:00 GMT|60", "Thu, 26 Nov 2026 07:00:00 GMT|0",
            "Fri, 26 Nov 2026 08:00:20 GMT|"})
    void secondsOrADateAreABoundedTime(String header, Long seconds) {
        assertEquals(Optional.ofNullable(seconds).map(Duration::ofSeconds), RetryAfter.of(header, NOW));
    }

    @Test
    void thePauseIsAsLongAsThatButNoLongerThanThePatience() throws Exception {
        List<Duration> pauses = new CopyOnWriteArrayList<>();
        try (RawServer server = new RawServer(out -> out.write(
                "HTTP/1.1 503 No\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
                SnapshotSender sender = new SnapshotSender(Endpoint.parse(server.url()), Credentials.NONE);
                StreamInput input = Sending.zeros(1)) {
            Outcome outcome = sender.send(input, new Origin("c", new DatabaseId("d"), 1), new Progress() {
                @Override
                public void update(Phase phase, long done, OptionalLong total) {
                    // not looked at here
                }

                @Override
                public void retrying(Outcome failed, Duration pause) {
                    pauses.add(pause);
                }
            }, Duration.ofSeconds(3));
            assertTrue(outcome instanceof Outcome.NoLink noLink && noLink.canHeal(), outcome::message);
        }
        assertEquals(Duration.ofSeconds(2), pauses.get(0));
        assertTrue(pauses.get(1).compareTo(Duration.ofSeconds(1)) <= 0, pauses::toString);
    }
}
