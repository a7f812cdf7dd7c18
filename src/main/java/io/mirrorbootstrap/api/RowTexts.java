package io.mirrorbootstrap.api;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.inject.Singleton;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;

/**
 * Rows of the board as JSON, each made once for all watchers that are told it. Rates in it are as of when it was made. Any thread.
 */
@Singleton
class RowTexts {

    /** Some 2 MiB. */
    private static final int MANY = 2 * StatusBoard.MAX_ROWS;

    private final ObjectMapper json;
    /** By the number of the change that made the row. */
    private final Map<Long, String> made = new ConcurrentHashMap<>();

    RowTexts(ObjectMapper json) {
        this.json = json;
    }

    /** One line. */
    String of(Mirror row) {
        if (made.size() > MANY) {
            made.clear(); // most are of rows that are others by now
        }
        return made.computeIfAbsent(row.change(), change -> text(row));
    }

    private String text(Mirror row) {
        try {
            return json.writeValueAsString(MirrorView.of(row));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
