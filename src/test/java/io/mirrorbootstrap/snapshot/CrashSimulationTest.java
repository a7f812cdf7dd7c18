package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Random;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import io.mirrorbootstrap.Seed;
import io.mirrorbootstrap.store.SimulatedDisk.Order;

/**
 * The power is cut at any step that a database's transfers take on the disk, also while a start repairs what an earlier cut
 * has left, also behind a step that has failed. A long run: {@code mvn test -Dtest=CrashSimulationTest
 * -Dcrash.points=1000000 -Dseed=1}.
 */
class CrashSimulationTest {

    private static final int POINTS = Integer.getInteger("crash.points", 20_000);
    private static final long SEED = Seed.of(20261126);

    @ParameterizedTest
    @EnumSource
    void noPromiseIsBrokenWhereverThePowerIsCut(Order order) throws Exception {
        CrashTally tally = new CrashTally();
        for (long seed = SEED; tally.points < POINTS; seed++) {
            try {
                new CrashSimulation(order, new Random(seed), tally).play();
            } catch (AssertionError | IOException | RuntimeException e) {
                throw new AssertionError(order + ", seed " + seed, e);
            }
        }
        System.out.printf("power cut at %d points of %d plays, %s: %s%n", tally.points, tally.plays, order, tally);
        assertTrue(tally.isComplete(), tally::toString);
    }
}
