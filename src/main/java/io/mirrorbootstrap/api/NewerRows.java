package io.mirrorbootstrap.api;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

import io.mirrorbootstrap.mirror.Mirror;
import io.mirrorbootstrap.mirror.StatusBoard;
import io.mirrorbootstrap.snapshot.DatabaseId;

/**
 * Lets a row of the board through if none of its database that is as new has been before it: in what a watcher is told,
 * nothing goes back, and nothing is told twice. One thread at a time.
 */
final class NewerRows implements Predicate<Mirror> {

    /** Databases that come and go for years must not fill the memory of one watcher. */
    private static final int MANY = 2 * StatusBoard.MAX_ROWS;

    private final StatusBoard board;
    private final Map<DatabaseId, Long> told = new HashMap<>();

    NewerRows(StatusBoard board) {
        this.board = board;
    }

    @Override
    public boolean test(Mirror row) {
        if (row.change() <= told.getOrDefault(row.database(), Long.MIN_VALUE)) {
            return false;
        }
        told.put(row.database(), row.change());
        if (told.size() > MANY) {
            told.keySet().removeIf(database -> board.mirror(database).isEmpty());
        }
        return true;
    }
}
