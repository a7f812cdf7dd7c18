package io.mirrorbootstrap.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;

import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Test;

/** Who asks whether the directory can be written, and what is kept of those who ask: workers and timers are turned by hand. */
class DataDirectoryCheckTest {

    private final Queue<Runnable> looks = new ArrayDeque<>();
    private final Queue<Runnable> timers = new ArrayDeque<>();
    private final List<Status> told = new ArrayList<>();
    private boolean isWritable = true;
    private final DataDirectoryCheck check = new DataDirectoryCheck(() -> isWritable, looks::add,
            (time, action) -> timers.add(action));

    private void ask() {
        check.call().map(HealthCheckResponse::getStatus).subscribe().with(told::add);
    }

    @Test
    void thoseWhoAskDuringALookShareIt() {
        ask();
        ask();
        assertEquals(1, looks.size());
        assertEquals(List.of(), told);
        looks.remove().run();
        ask();
        assertEquals(List.of(Status.UP, Status.UP, Status.UP), told);
        assertTrue(looks.isEmpty(), "an answer counts for a second");
    }

    @Test
    void ofThoseWhoAskWhileTheDiskHangsFewAreKept() {
        isWritable = false;
        for (int i = 0; i < 10_000; i++) {
            ask();
        }
        assertEquals(1, looks.size());
        assertEquals(1, timers.size());
        assertEquals(10_000 - 64, told.size());
        looks.remove().run();
        assertEquals(10_000, told.size());
        assertFalse(told.contains(Status.UP));
    }

    @Test
    void whereThereIsNoWorkerItIsNotReady() {
        DataDirectoryCheck alone = new DataDirectoryCheck(() -> true, look -> {
            throw new RejectedExecutionException();
        }, (time, action) -> {
        });
        assertEquals(Status.DOWN, alone.call().await().indefinitely().getStatus());
    }
}
