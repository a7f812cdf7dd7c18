package io.mirrorbootstrap.api;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.inject.Singleton;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;

/**
 * Rows of the board as JSON, each made once for all watchers that are told it. Rates in it are as of when it was made. Any thread.
 */
@Singleton
class RowTexts {

    /** Databases that come and go for years must not fill the memory. */
    private static final int MANY = 2 * StatusBoard.MAX_ROWS;

    private final ObjectMapper json;
    private final StatusBoard board;
    private final Map<DatabaseId, Made> made = new ConcurrentHashMap<>();

    private record Made(long change, String text) {
    }

    RowTexts(ObjectMapper json, StatusBoard board) {
        this.json = json;
        this.board = board;
    }

    /** One line. */
    String of(Mirror row) {
        Made there = made.get(row.database());
        if (there != null && there.change() == row.change()) {
            return there.text();
        }
        String text = text(row);
        made.put(row.database(), new Made(row.change(), text));
        if (made.size() > MANY) {
            made.keySet().removeIf(database -> board.mirror(database).isEmpty());
        }
        return text;
    }

    private String text(Mirror row) {
        try {
            return json.writeValueAsString(MirrorView.of(row));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
