package io.mirrorbootstrap;

/**
 * Where the random numbers of a test begin: always at the same place, so that a red build stays red. {@code -Dseed=N} begins
 * elsewhere, {@code -Dseed=random} each time at another place; the test prints which.
 */
public final class Seed {

    private Seed() {
    }

    /** The seed of this run; {@code usual} where none is given. */
    public static long of(long usual) {
        String given = System.getProperty("seed", "");
        return given.isEmpty() ? usual : given.equals("random") ? System.nanoTime() : Long.parseLong(given);
    }
}
