package io.mirrorbootstrap.mirror;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Callers;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.ToldApart;

/**
 * Which caller has brought which database, so that one caller does not take the places of all. Any thread. For databases that an
 * earlier process has received, the owner in the records says it, where there is one.
 */
final class Holders {

    private final StatusBoard board;
    private final int most;
    private final Callers callers;
    private final Map<DatabaseId, CallerId> holders = new ConcurrentHashMap<>();
    /** For each caller, its databases that are being admitted, and how many times at once. Guarded by this. */
    private final Map<CallerId, Map<DatabaseId, Integer>> arriving = new HashMap<>();

    /**
     * @param most how many databases one caller may have, where callers are told apart; 1 or more
     * @param callers says whether they are
     */
    Holders(StatusBoard board, int most, Callers callers) {
        this.board = board;
        this.most = most;
        this.callers = callers;
    }

    /**
     * The refusal, if {@code who} may not bring {@code database}; a database that is known here already takes no further place. Without a
     * refusal the database counts from now on, until {@link #arrived}.
     */
    synchronized Optional<Refusal> refuse(Principal who, DatabaseId database) {
        ToldApart apart = callers.now();
        if (apart.sharesBind() && board.mirror(database).isEmpty() && othersOf(who, apart, database) >= most) {
            return Optional
                    .of(new Refusal.ShareTaken(most, "databases of this caller have a snapshot or a transfer here",
                            "max-databases-per-caller"));
        }
        arriving.computeIfAbsent(who.id(), id -> new HashMap<>()).merge(database, 1, Integer::sum);
        return Optional.empty();
    }

    private int othersOf(Principal who, ToldApart apart, DatabaseId database) {
        Set<DatabaseId> all = new HashSet<>();
        arriving.forEach((id, databases) -> {
            if (apart.isSame(id, who.id())) {
                all.addAll(databases.keySet());
            }
        });
        board.mirrors().stream().filter(row -> isOf(row, who, apart)).map(Mirror::database).forEach(all::add);
        all.remove(database);
        return all.size();
    }

    /** A database that {@link #refuse} did not refuse is on the board now, or nothing has come of it. */
    synchronized void arrived(Principal who, DatabaseId database) {
        arriving.computeIfPresent(who.id(), (same, databases) -> {
            databases.computeIfPresent(database, (any, n) -> n == 1 ? null : n - 1);
            return databases.isEmpty() ? null : databases;
        });
    }

    /** {@code who} has brought payload, or an open transfer, of {@code database}. */
    void note(Principal who, DatabaseId database) {
        boolean isNew = !who.id().equals(holders.put(database, who.id()));
        if (isNew && holders.size() > 2 * StatusBoard.MAX_ROWS) { // databases that come and go for years
            holders.keySet().removeIf(each -> board.mirror(each).isEmpty());
        }
    }

    private boolean isOf(Mirror row, Principal who, ToldApart apart) {
        CallerId holder = holders.get(row.database());
        return holder == null
                ? who.owns(row.state().sourceClusterId(), row.state().owner())
                : apart.isSame(holder, who.id());
    }
}
