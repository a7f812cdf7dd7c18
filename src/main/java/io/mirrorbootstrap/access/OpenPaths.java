package io.mirrorbootstrap.access;

import java.util.Set;
import java.util.TreeSet;

import io.vertx.ext.web.RoutingContext;

/**
 * The paths that are open to everybody. Path by path: SmallRye Health makes a group of every name that it is asked for, says that it is up,
 * and keeps it for ever.
 */
public final class OpenPaths {

    /** The page itself. */
    public static final String PAGE = "/";

    /** Each path that belongs to the page, which has nothing of what the sidecar has: it asks for the token. */
    public static final Set<String> OF_PAGE = Set.of(PAGE, "/page/page.css", "/page/icon.svg", "/page/main.js",
            "/page/events.js", "/page/card.js", "/page/chart.js", "/page/words.js");

    private static final String HEALTH = "/q/health";
    private static final String METRICS = "/q/metrics";

    /** They tell how the sidecar is, not what it has. */
    private static final Set<String> PROBES = Set.of(HEALTH, HEALTH + "/live", HEALTH + "/ready", HEALTH + "/started",
            HEALTH + "/well", HEALTH + "/group", HEALTH + "/group/mirror", METRICS);

    /** What is between these is read for long, by few: downloads have places. */
    private static final String MIRRORS = "/v1/mirrors/";
    private static final String SNAPSHOT = "/snapshot";

    private OpenPaths() {
    }

    /** Whether an answer to it may be so long that the kernel should choose how much it holds, which it does until it is told. */
    static boolean isLong(String path) {
        return path != null && path.startsWith(MIRRORS) && path.endsWith(SNAPSHOT)
                && path.indexOf('/', MIRRORS.length()) == path.length() - SNAPSHOT.length();
    }

    static boolean isProbe(RoutingContext request) {
        return isOneOf(PROBES, request);
    }

    /** Who is let in is told more there. */
    static boolean isMetrics(RoutingContext request) {
        return request.normalizedPath().equals(METRICS);
    }

    static boolean isOfPage(RoutingContext request) {
        return isOneOf(OF_PAGE, request);
    }

    /** By the path as sent and as understood: no other page must be reached by another spelling of an open one. */
    private static boolean isOneOf(Set<String> paths, RoutingContext request) {
        String path = request.request().path();
        return path != null && paths.contains(path) && path.equals(request.normalizedPath());
    }

    /** Whether SmallRye Health, which goes by the path as understood, would answer it and must not. */
    static boolean isNoProbe(RoutingContext request) {
        String path = request.normalizedPath();
        return path.startsWith(HEALTH + "/") && !PROBES.contains(path);
    }

    /** All probes, for people to read. */
    static String probes() {
        return String.join(", ", new TreeSet<>(PROBES));
    }
}
