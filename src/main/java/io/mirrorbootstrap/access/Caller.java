package io.mirrorbootstrap.access;

import java.util.Optional;
import java.util.function.Supplier;

import io.mirrorbootstrap.snapshot.Principal;
import io.vertx.ext.web.RoutingContext;

/** A caller that was let in. Any thread. */
public final class Caller {

    private static final String KEY = Caller.class.getName();

    private final Principal principal;
    private final Supplier<Optional<String>> objection;

    /** @param objection says why it would not be let in now, for a person */
    Caller(Principal principal, Supplier<Optional<String>> objection) {
        this.principal = principal;
        this.objection = objection;
    }

    /** Who makes this request; null on a path that is open to strangers, if it is one. */
    public static Caller of(RoutingContext request) {
        return request.get(KEY);
    }

    /** Whether whoever makes this request is known, on a path that is open to strangers, too. */
    public static boolean isLetIn(RoutingContext request) {
        return of(request) != null;
    }

    void attachTo(RoutingContext request) {
        request.put(KEY, this);
    }

    /** On whose behalf it makes requests, and what it may do. */
    public Principal principal() {
        return principal;
    }

    /** Why it would not be let in now, so that what it has open is ended; for a person. */
    Optional<String> objection() {
        return objection.get();
    }
}
