package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** For how long a source comes back, by a clock that is turned by hand. */
@Timeout(60)
class BackoffTest {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long HOUR = 3600;
    private static final int BYTES = 3000;

    @TempDir
    Path directory;

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1); // a clock may go past the end of its numbers
    private final Backoff backoff = new Backoff(PATIENCE, nanos::get);

    @Test
    void timeOnALinkThatLivesDoesNotCount() {
        assertTrue(comesBack(BYTES));
        pass(1);
        link(HOUR, 0);
        assertTrue(comesBack(BYTES - 1));
    }

    @Test
    void timeWithoutALinkAddsUpWhateverLinksThereWere() {
        assertTrue(comesBack(BYTES));
        for (int i = 0; i < 2; i++) {
            pass(4);
            link(HOUR, 0);
            assertTrue(comesBack(BYTES));
        }
        pass(4);
        link(HOUR, 0);
        assertFalse(comesBack(BYTES));
    }

    @Test
    void itBeginsAnewWhenTheSnapshotIsFurtherThanItEverWas() {
        for (int bytes = 1; bytes < 5; bytes++) {
            pass(9);
            assertTrue(comesBack(bytes));
        }
        pass(11);
        assertFalse(comesBack(4));
    }

    @Test
    void onALinkItCountsWhenTheSidecarIsNotHeardAnyMore() {
        assertTrue(comesBack(BYTES));
        link(HOUR, 11);
        assertFalse(comesBack(BYTES));
    }

    @Test
    void theLastPauseEndsWithThePatience() {
        assertTrue(comesBack(BYTES));
        pass(9);
        assertEquals(Optional.of(Duration.ofSeconds(1)), backoff.next(0, Optional.of(Duration.ofMinutes(1))));
    }

    /** The sidecar has lost what was there, and is restarted before the snapshot is as far again. */
    @Test
    void whatIsSentAgainForLongIsNotGivenUpAtTheNextLoss() throws Exception {
        Path file = Files.write(directory.resolve("snapshot"), new byte[BYTES]);
        AtomicInteger links = new AtomicInteger();
        List<Outcome> retries = new CopyOnWriteArrayList<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            int number = links.incrementAndGet();
            link.textMessageHandler(
                    open -> link.writeTextMessage(ScriptedSidecar.opened(number == 3 ? BYTES : 0, BYTES / 3, BYTES)));
            link.binaryMessageHandler(chunk -> {
                link.binaryMessageHandler(null);
                if (number == 3) {
                    link.writeTextMessage(ScriptedSidecar.committed(BYTES));
                    return;
                }
                pass(HOUR);
                link.writeTextMessage(ScriptedSidecar.pending(number == 1 ? BYTES / 3 : 1));
                link.close((short) 1012, "restarting");
            });
        });
                SnapshotInput input = new FileInput(file);
                SnapshotSender sender = new SnapshotSender(sidecar.endpoint(), Credentials.NONE, Optional.empty(),
                        false, SnapshotSender.DEFAULT_REPLAY_BYTES,
                        nanos::get)) {
            assertInstanceOf(Outcome.Committed.class,
                    sender.send(input, Sending.ORIGIN, Sending.noting(retries), PATIENCE));
        }
        assertEquals(List.of(new Outcome.LinkLost(1012, "restarting", BYTES / 3),
                new Outcome.LinkLost(1012, "restarting", 1)), retries);
    }

    private boolean comesBack(long bytesDone) {
        return backoff.next(bytesDone, Optional.empty()).isPresent();
    }

    private void link(long heardForSeconds, long silentForSeconds) {
        long opened = nanos.get();
        pass(heardForSeconds);
        backoff.linked(opened, nanos.get());
        pass(silentForSeconds);
    }

    private void pass(long seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
    }
}
