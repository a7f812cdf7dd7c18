package io.mirrorbootstrap.access;

import java.util.Optional;

import io.vertx.ext.web.RoutingContext;

/**
 * Who was let in.
 *
 * @param cluster the only cluster it may speak for; empty: what it says is believed
 */
public record Caller(Optional<String> cluster) {

    private static final String KEY = Caller.class.getName();

    /** Who makes this request. */
    public static Caller of(RoutingContext request) {
        return request.get(KEY);
    }

    void attachTo(RoutingContext request) {
        request.put(KEY, this);
    }
}
