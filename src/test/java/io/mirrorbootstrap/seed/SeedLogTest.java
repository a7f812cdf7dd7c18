package io.mirrorbootstrap.seed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.LoggedLines;

/** What is said of what is in the way, round after round. */
class SeedLogTest {

    private final SeedLog log = new SeedLog();

    @Test
    void theSameIsSaidOnceUntilItIsPast() {
        try (LoggedLines lines = new LoggedLines(SeedLog.class.getName())) {
            log.warn("a", "nobody is there");
            log.warn("b", "nobody is there");
            log.warn("a", "nobody is there");
            log.warn("a", "HTTP 404");
            log.warn("a", "HTTP 404");
            log.isPast("a");
            log.warn("a", "HTTP 404");
            log.isAllPast();
            log.warn("b", "nobody is there");
            assertEquals(List.of("seeding: nobody is there", "seeding: nobody is there", "seeding: HTTP 404",
                    "seeding: HTTP 404", "seeding: nobody is there"), lines.all());
        }
    }

    @Test
    void optionsOfCommandsAreKeysHere() {
        try (LoggedLines lines = new LoggedLines(SeedLog.class.getName())) {
            log.warn("a", "not signed: --source-ca FILE names one");
            log.warn("b", "not signed: --ca FILE names one");
            log.warn("c", "others need --header-file");
            assertEquals(List.of("seeding: not signed: seed-ca names one", "seeding: not signed: seed-ca names one",
                    "seeding: others need seed-header-file"), lines.all());
        }
    }
}
