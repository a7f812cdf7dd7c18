package io.mirrorbootstrap.mirror;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;

/**
 * Which caller has brought which database, so that one of them does not take the places of all. Any thread. What an
 * earlier process has received counts for nobody, unless its record names whose it is.
 */
final class Holders {

    private final StatusBoard board;
    private final int most;
    private final Map<DatabaseId, String> holders = new ConcurrentHashMap<>();

    /** @param most how many databases one caller may have, where callers are told apart; 1 or more */
    Holders(StatusBoard board, int most) {
        this.board = board;
        this.most = most;
    }

    /** What forbids {@code who} to bring {@code database}. */
    Optional<Refusal> refuse(Principal who, DatabaseId database) {
        return who.id().filter(id -> !id.equals(holders.get(database)) && count(id) >= most)
                .map(id -> new Refusal.TooManyMirrorsOfCaller(most));
    }

    /** {@code who} has brought something of {@code database}. */
    void note(Principal who, DatabaseId database) {
        who.id().ifPresent(id -> note(id, database));
    }

    /** {@code id} has brought something of {@code database}, here or in an earlier process. */
    void note(String id, DatabaseId database) {
        holders.put(database, id);
        if (holders.size() > 2 * StatusBoard.MAX_ROWS) { // databases that come and go for years
            holders.keySet().removeIf(each -> board.mirror(each).isEmpty());
        }
    }

    private long count(String id) {
        return holders.entrySet().stream()
                .filter(each -> each.getValue().equals(id) && board.mirror(each.getKey()).isPresent()).count();
    }
}
