package io.mirrorbootstrap.mirror;

/**
 * How much of what all share one caller may have, where callers are told apart: half of it, unless something else is
 * configured.
 *
 * @param bootstraps transfers under way at once
 * @param links links open at once
 * @param databases databases with a snapshot or a transfer
 */
public record Shares(int bootstraps, int links, int databases) {

    /** As configured. */
    public static Shares of(MirrorSettings settings) {
        return new Shares(settings.maxBootstrapsPerCaller().orElse(half(settings.maxBootstraps())),
                settings.maxLinksPerCaller().orElse(half(settings.maxLinks())),
                settings.maxDatabasesPerCaller().orElse(half(StatusBoard.MAX_ROWS)));
    }

    private static int half(int all) {
        return Math.max(1, all / 2);
    }
}
