package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for a database's lock, and who is told that it is busy. A caller that waits here waits for good. */
@Timeout(60)
class TransferLockTest {

    private static final Duration FOR_GOOD = Duration.ofDays(1);

    private final TransferLock lock = new TransferLock(FOR_GOOD);
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Guarded<String> guarded = new Guarded<>(lock, "value", closed::get);
    private final CountDownLatch held = new CountDownLatch(1);
    private final CountDownLatch letGo = new CountDownLatch(1);

    @AfterEach
    void letGo() {
        letGo.countDown();
    }

    @Test
    void theValueIsReachedWithTheLockHeldAndOnlyThen() {
        assertFalse(lock.isHeld());
        assertEquals(Optional.of("value"), guarded.ifFree(value -> lock.isHeld() ? value : "not held"));
        assertEquals("value", guarded.whenFree(value -> lock.isHeld() ? value : "not held"));
        assertFalse(lock.isHeld());
    }

    @Test
    void workThatFailsLetsGoOfTheLock() {
        assertThrows(IOException.class, () -> guarded.ifFree(GuardedWork::fail));
        assertThrows(IOException.class, () -> guarded.whenFree(GuardedWork::fail));
        assertThrows(IOException.class, () -> guarded.doIfFree(GuardedWork::fail));
        assertThrows(IOException.class, () -> guarded.doWhenFree(GuardedWork::fail));
        assertFalse(lock.isHeld());
        assertTrue(CompletableFuture.supplyAsync(lock::tryLock).join());
    }

    @Test
    void whileTheHolderWorksForLongAStrangerIsToldAtOnceAndTheOwnerWaits() throws Exception {
        CompletableFuture<Void> holder = CompletableFuture
                .runAsync(() -> guarded.doWhenFree(value -> lock.forLong(this::hold)));
        await(held);
        assertEquals(Optional.empty(), guarded.ifFree(value -> value));
        guarded.doIfFree(value -> {
            throw new AssertionError("it is busy");
        });
        CompletableFuture<String> owner = new CompletableFuture<>();
        Thread waiting = start(() -> owner.complete(guarded.whenFree(value -> value)));
        awaitWaiting(waiting);

        letGo.countDown();

        assertEquals("value", owner.get(30, TimeUnit.SECONDS));
        holder.get(30, TimeUnit.SECONDS);
    }

    @Test
    void oneStrangerWaitsForASliceAndTheNextIsToldAtOnce() throws Exception {
        CompletableFuture<Void> holder = CompletableFuture.runAsync(() -> guarded.doWhenFree(value -> hold()));
        await(held);
        CompletableFuture<Optional<String>> stranger = new CompletableFuture<>();
        Thread waiting = start(() -> stranger.complete(guarded.ifFree(value -> value)));
        awaitWaiting(waiting);

        assertEquals(Optional.empty(), guarded.ifFree(value -> value));

        letGo.countDown();
        assertEquals(Optional.of("value"), stranger.get(30, TimeUnit.SECONDS));
        holder.get(30, TimeUnit.SECONDS);
        assertEquals(Optional.of("value"), guarded.ifFree(value -> value), "nobody is waiting any more");
    }

    @Test
    void aStrangerThatWaitsHasItsTurnThoughTheOwnerTakesTheLockAgainAndAgain() throws Exception {
        CompletableFuture<Optional<String>> stranger = new CompletableFuture<>();
        CompletableFuture<Void> owner = CompletableFuture.runAsync(() -> {
            while (!stranger.isDone()) {
                guarded.doWhenFree(value -> held.countDown());
            }
        });
        await(held);
        stranger.complete(guarded.ifFree(value -> value));
        owner.get(30, TimeUnit.SECONDS);
        assertEquals(Optional.of("value"), stranger.get());
    }

    @Test
    void theLockIsNotBusyForLongAnyMoreWhenTheTaskHasFailed() throws Exception {
        CountDownLatch failed = new CountDownLatch(1);
        CompletableFuture<Void> holder = CompletableFuture.runAsync(() -> guarded.doWhenFree(value -> {
            lock.forLong(() -> lock.forLong(() -> {
            }));
            assertThrows(IOException.class, () -> lock.forLong(() -> GuardedWork.fail(value)));
            failed.countDown();
            await(letGo);
        }));
        await(failed);
        CompletableFuture<Optional<String>> stranger = new CompletableFuture<>();
        Thread waiting = start(() -> stranger.complete(guarded.ifFree(value -> value)));
        awaitWaiting(waiting); // else it would have been told at once
        letGo.countDown();
        assertEquals(Optional.of("value"), stranger.get(30, TimeUnit.SECONDS));
        holder.get(30, TimeUnit.SECONDS);
    }

    @Test
    void anInterruptedStrangerDoesNotWaitAndStaysInterrupted() throws Exception {
        CompletableFuture<Void> holder = CompletableFuture.runAsync(() -> guarded.doWhenFree(value -> hold()));
        await(held);
        Thread.currentThread().interrupt();
        assertEquals(Optional.empty(), guarded.ifFree(value -> value));
        assertTrue(Thread.interrupted());
        letGo.countDown();
        holder.get(30, TimeUnit.SECONDS);
        Thread.currentThread().interrupt();
        assertEquals(Optional.of("value"), guarded.ifFree(value -> value), "it is free");
        assertTrue(Thread.interrupted());
    }

    @Test
    void beforeItIsOpenItIsBusyForStrangersOnly() {
        closed.set(true);
        assertEquals(Optional.empty(), guarded.ifFree(value -> value));
        assertEquals("value", guarded.whenFree(value -> value));
        closed.set(false);
        assertEquals(Optional.of("value"), guarded.ifFree(value -> value));
    }

    @Test
    void onlyTheHolderMayWorkForLong() {
        assertThrows(AssertionError.class, () -> lock.forLong(() -> {
        }));
    }

    private void hold() {
        held.countDown();
        await(letGo);
    }

    private static Thread start(Runnable task) {
        Thread thread = new Thread(task, "waits for the lock");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Returns when the thread waits: it does nothing else that it could wait for. */
    private static void awaitWaiting(Thread thread) {
        while (thread.getState() != Thread.State.WAITING && thread.getState() != Thread.State.TIMED_WAITING) {
            assertTrue(thread.isAlive(), "it has not waited");
            Thread.onSpinWait();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Work that fails. */
    private static final class GuardedWork {
        static String fail(String value) throws IOException {
            throw new IOException(value);
        }
    }
}
