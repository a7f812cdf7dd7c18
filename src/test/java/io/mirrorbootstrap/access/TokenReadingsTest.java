package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.access.TokenReadings.Reading;

/** What two readings of the token file say together. */
class TokenReadingsTest {

    private static final Reading BOTH = reading("one = a\ntwo = b");
    private static final Reading HALF = reading("one = a");
    private static final Tokens.Token TWO = BOTH.tokens().accept("Bearer two").orElseThrow();

    @Test
    void aTokenIsGoneWhenTwoReadingsSaySo() {
        TokenReadings readings = new TokenReadings(BOTH);
        readings.take(HALF);
        assertEquals(Optional.of(TWO), readings.now(TWO));
        readings.take(HALF);
        assertEquals(Optional.empty(), readings.now(TWO));
        readings.take(Reading.none("cannot be read"));
        readings.take(Reading.none("cannot be read"));
        assertEquals(Optional.of(TWO), readings.now(TWO), "such a file says nothing");
    }

    @Test
    void aCallerIsAloneWhenTwoReadingsSaySo() {
        TokenReadings readings = new TokenReadings(HALF);
        assertFalse(readings.hasSeveralCallers());
        readings.take(BOTH);
        assertTrue(readings.hasSeveralCallers(), "at once");
        for (Reading hardly : List.of(HALF, BOTH, reading("one = a\ntwo"), HALF, reading("one = a\ntw="),
                Reading.none("cannot be read"), Reading.none("cannot be read"), HALF)) {
            readings.take(hardly);
            assertTrue(readings.hasSeveralCallers(), hardly::toString);
        }
        readings.take(HALF);
        assertFalse(readings.hasSeveralCallers());
        readings.take(Reading.none("cannot be read"));
        assertFalse(readings.hasSeveralCallers(), "such a file says nothing");
    }

    /** Only a token that no doubt is left about may be sent away for good. */
    @Test
    void aTokenIsUnknownForSureWhenTwoReadingsAreTheSame() {
        TokenReadings readings = new TokenReadings(BOTH);
        assertEquals(new TokenReadings.Known(BOTH.tokens(), Optional.empty()), readings.known());
        Reading bad = Reading.none("holds no token");
        for (Reading next : List.of(HALF, BOTH, bad, bad, BOTH)) {
            readings.take(next);
            assertTrue(readings.known().doubt().isPresent(), next::toString);
        }
        assertEquals(Tokens.NONE, readings.known().tokens(), "read once only");
        readings.take(BOTH);
        assertEquals(new TokenReadings.Known(BOTH.tokens(), Optional.empty()), readings.known());
    }

    @Test
    void nobodySeesOneReadingTwiceWhileAnotherComes() {
        TokenReadings readings = new TokenReadings(BOTH);
        CompletableFuture<Void> taken = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 100_000; i++) {
                readings.take(HALF);
                readings.take(BOTH);
            }
        });
        while (!taken.isDone()) {
            assertEquals(Optional.of(TWO), readings.now(TWO));
        }
        taken.join();
    }

    private static Reading reading(String file) {
        return new Reading(Tokens.parse(file), Optional.empty());
    }
}
