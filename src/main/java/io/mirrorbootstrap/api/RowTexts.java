package io.mirrorbootstrap.api;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.inject.Singleton;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;

/** Rows of the board as JSON, each made once for all watchers that are told it at about the same time. Any thread. */
@Singleton
class RowTexts {

    /** Behind that the rate in it may not be true any more. */
    private static final Duration COUNTS_FOR = Duration.ofSeconds(1);

    /** Some 2 MiB; with positions as long as they may be, 4. */
    private static final int MANY = 2 * StatusBoard.MAX_ROWS;

    private final ObjectMapper json;
    /** By the number of the change that made the row. */
    private final Map<Long, Made> made = new ConcurrentHashMap<>();

    private record Made(String text, long nanos) {
    }

    RowTexts(ObjectMapper json) {
        this.json = json;
    }

    /** One line. */
    String of(Mirror row) {
        if (made.size() > MANY) {
            made.clear(); // most are of rows that are others by now
        }
        long now = System.nanoTime();
        return made.compute(row.change(), (change, there) -> there != null && now - there.nanos() < COUNTS_FOR.toNanos()
                ? there
                : new Made(text(row), now)).text();
    }

    private String text(Mirror row) {
        try {
            return json.writeValueAsString(MirrorView.of(row));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
