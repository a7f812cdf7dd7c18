package io.mirrorbootstrap.snapshot;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** How many databases may have a transfer under way at once, over all links, and of one caller. Any thread. */
public final class BootstrapLimit {

    private final int limit;
    private final int limitPerCaller;
    private final Callers callers;
    /** For each database under way, the caller that sends it. */
    private final Map<DatabaseId, CallerId> underWay = new HashMap<>();

    /**
     * @param limit 1 or more
     * @param limitPerCaller how many of them one caller may have, where callers are told apart; 1 or more
     * @param callers says whether they are
     */
    public BootstrapLimit(int limit, int limitPerCaller, Callers callers) {
        if (limit < 1 || limitPerCaller < 1) {
            throw new IllegalArgumentException(
                    "limits are " + limit + " and " + limitPerCaller + ", must be 1 or more");
        }
        this.limit = limit;
        this.limitPerCaller = limitPerCaller;
        this.callers = callers;
    }

    /** A limit for callers of whom one may take all. */
    public BootstrapLimit(int limit) {
        this(limit, limit, () -> ToldApart.NOT);
    }

    /**
     * Counts {@code database} as under way, sent by {@code who}; if that is refused, what was counted stays.
     *
     * @param goesOn whether {@code who} sends the snapshot that is under way there; another one takes that one's place, which
     *     has to be within the caller's share
     */
    synchronized Optional<Refusal> enter(DatabaseId database, Principal who, boolean goesOn) {
        Optional<Refusal> refusal = refuse(database, who, goesOn);
        if (refusal.isEmpty()) {
            underWay.put(database, who.id());
        }
        return refusal;
    }

    /** The answer that {@link #enter} would give now. */
    synchronized Optional<Refusal> refuse(DatabaseId database, Principal who, boolean goesOn) {
        CallerId before = underWay.get(database);
        ToldApart apart = callers.now();
        boolean isOwn = before != null && apart.isSame(before, who.id());
        if (apart.sharesBind() && !(isOwn && goesOn)
                && ofCaller(who, apart) - (isOwn ? 1 : 0) >= limitPerCaller) {
            return Optional.of(new Refusal.ShareTaken(limitPerCaller, "transfers of this caller are under way",
                    "max-bootstraps-per-caller"));
        }
        return before != null || underWay.size() < limit
                ? Optional.empty()
                : Optional.of(new Refusal.TooManyBootstraps(limit));
    }

    private long ofCaller(Principal who, ToldApart apart) {
        return underWay.values().stream().filter(each -> apart.isSame(each, who.id())).count();
    }

    /** {@code database} has no transfer under way any more. */
    synchronized void leave(DatabaseId database) {
        underWay.remove(database);
    }
}
