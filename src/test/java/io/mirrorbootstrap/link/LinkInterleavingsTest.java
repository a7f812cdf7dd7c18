package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What meets what on a link, in an order that the test decides. */
class LinkInterleavingsTest extends HandTurnedLinks {

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothWaysOfReadingBringTheSame(boolean canPull) {
        Open open = open(canPull, SETTINGS);
        byte[] all = joined(chunk("a", 0, 400), ping("x"), chunk("a", 400, 900));
        for (byte each : all) {
            open.transport.send(new byte[]{each});
        }
        open.turnAll();
        assertEquals(List.of("pending", "pong x", "pending"), open.types());
    }

    @Test
    void aCommitGoesOnAsideWhilePingsAreAnswered() {
        Open open = open();
        open.send(chunk("a", 0, 1000));
        assertEquals(1, asides.waiting(), "the commit waits for a worker of its own");
        open.send(ping("there?"), chunk("b", 0, 500));
        assertEquals(List.of("pong there?"), open.types());
        open.turnAside();
        assertEquals(List.of("pong there?", "committed", "pending"), open.types());
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
    }

    @Test
    void aCloseBehindTheLastChunkIsAnsweredBehindTheCommit() {
        Open open = open();
        open.send(joined(chunk("a", 0, 1000), close()));
        assertEquals(List.of(), open.types());
        assertFalse(open.transport.isOver());
        open.turnAside(); // the commit
        open.turnAside(); // the end
        assertEquals(List.of("committed", "close 1000"), open.types());
        assertTrue(open.transport.isOver());
    }

    @Test
    void aLinkThatIsLostDuringTheCommitHasCommitted() {
        Open open = open();
        open.send(chunk("a", 0, 1000));
        open.loseConnection();
        open.turnAside();
        asides.turnAll();
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
    }

    @Test
    void aFloodOfPingsDuringTheCommitEndsTheLinkBehindTheCommit() {
        Open open = open();
        open.send(chunk("a", 0, 1000));
        flood(open);
        assertFalse(open.link.isGone(), "the message is another worker's");
        open.turnAside();
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
        assertTrue(open.link.isGone());
        open.transport.takesMore(true);
        open.turnAll();
        assertEquals(List.of("committed", "close 1002"), withoutPongs(open));
    }

    @Test
    void aFloodOfPingsWhileTheDiskCommitsTouchesNothingOfTheCommit() throws Exception {
        Open open = open();
        open.send(chunk("a", 0, 1000));
        HeldCommit commit = new HeldCommit();
        flood(open);
        assertEquals(List.of(), commit.goOn(), "what others did on the disk meanwhile");
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
    }

    @Test
    void aFloodOfPingsOfALinkThatWaitsForADatabaseEndsItBehindItsMessage() throws Exception {
        Open first = open();
        first.send(chunk("a", 0, 1000));
        HeldCommit commit = new HeldCommit();
        Open second = open();
        second.send(wantsToOpen("a"));
        flood(second);
        assertFalse(second.link.isGone());
        commit.goOn();
        second.transport.takesMore(true);
        second.transport.passTime();
        second.turnAll();
        assertEquals(List.of("committed", "close 1002"), withoutPongs(second));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aLinkThatGoesDuringACommitThatFindsTheDiskFullGivesItsPlaceBack(boolean floods) {
        for (int i = 0; i < SETTINGS.maxBootstraps(); i++) {
            Open open = open();
            open.send(chunk("db" + i, 0, 1000));
            if (floods) {
                flood(open);
            } else {
                open.loseConnection();
            }
            disk.whileFull("create", () -> {
                open.turnAside();
                open.turnAside();
            });
            assertEquals(Optional.empty(), disk.bytes("db" + i + ".snapshot"));
        }
        Open other = open();
        other.send(wantsToOpen("a"));
        assertEquals(List.of("opened"), other.types());
    }

    /** More pings than may come while no pong is read. */
    private static void flood(Open open) {
        open.transport.takesMore(false);
        for (int i = 0; i <= 65; i++) {
            open.send(ping("x"));
        }
    }

    private static List<String> withoutPongs(Open open) {
        return open.types().stream().filter(type -> !type.startsWith("pong")).toList();
    }

    @Test
    void aSourceThatIsTakenOverInTheMiddleOfAChunkHearsSoAndLosesNothingConfirmed() {
        Open first = open();
        first.send(wantsToOpen("a"), chunk("a", 0, 300));
        byte[] next = chunk("a", 300, 800);
        first.send(Arrays.copyOf(next, 200)); // of which some payload is written

        Open second = open();
        second.send(wantsToOpen("a"));
        first.send(Arrays.copyOfRange(next, 200, next.length));
        first.turnAll();
        assertEquals(List.of("opened", "pending", "error", "close 4409"), first.types());
        assertTrue(first.link.isGone() && first.link.isSuperseded());
        assertFalse(second.link.isSuperseded());
        assertTrue(second.transport.sent.get(0).contains("\"offset\":300"), second.transport.sent::toString);

        second.send(chunk("a", 300, 1000));
        second.turnAside();
        assertEquals(List.of("opened", "committed"), second.types());
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
    }

    @Test
    void atShutdownWhatCameIsKeptAndTheSourceIsToldToComeBack() {
        Open open = open();
        open.send(wantsToOpen("a"), chunk("a", 0, 300));
        open.link.shutDown();
        open.turnAside();
        assertEquals(List.of("opened", "pending", "close 1012"), open.types());
        assertArrayEquals(Arrays.copyOf(whole, 300), disk.bytes("a.partial").orElseThrow());
        assertTrue(disk.bytes("a.checkpoint.json").isPresent());
    }

    @Test
    void aSourceWhoseMessageMeetsTheShutdownIsToldToComeBackAndNotThatAnotherHasTakenOver() {
        Open first = open();
        first.send(wantsToOpen("a"), chunk("a", 0, 300));
        first.loseConnection();
        first.turnAside();
        Open second = open();
        disk.observe((what, name) -> second.link.shutDown());
        second.send(chunk("a", 0, 500));
        second.turnAside();
        assertEquals(List.of("close 1012"), second.types());
    }

    @Test
    void aShutdownDuringACommitWaitsForIt() {
        Open open = open();
        open.send(chunk("a", 0, 1000));
        open.link.shutDown();
        open.turnAll();
        assertEquals(List.of(), open.types());
        open.turnAside();
        open.turnAside();
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
        assertEquals("close 1012", open.types().get(open.types().size() - 1));
    }

    @Test
    void aLinkThatFindsNoWorkerIsCut() {
        Open open = open();
        jobs.refuses(true);
        open.send(chunk("a", 0, 300));
        assertTrue(open.transport.isCut());
        jobs.refuses(false);
        open.loseConnection();
        open.turnAside();
        assertTrue(open.link.isGone());
    }

    @Test
    void aDatabaseThatIsBusyIsAskedAgainInAWhileAndPingsAreAnswered() throws Exception {
        Open first = open();
        first.send(chunk("a", 0, 1000));
        HeldCommit commit = new HeldCommit();

        Open second = open();
        second.send(wantsToOpen("a"), ping("x"));
        assertEquals(List.of("pong x"), second.types());
        commit.goOn();
        first.turnAll();
        second.transport.passTime();
        second.turnAll();
        assertEquals(List.of("committed"), first.types());
        assertEquals(List.of("pong x", "committed"), second.types());
    }

    /** What waits for the disk, on a thread of its own that stands where it forces a file. */
    private final class HeldCommit {

        private final CompletableFuture<Void> isForcing = new CompletableFuture<>();
        private final CompletableFuture<Void> goesOn = new CompletableFuture<>();
        private final List<String> doneByOthers = new CopyOnWriteArrayList<>();
        private final Thread commits = new Thread(asides::turnAll);

        HeldCommit() throws Exception {
            disk.observe(this::before);
            commits.start();
            isForcing.get();
        }

        private void before(String what, String name) {
            if (Thread.currentThread() != commits) {
                doneByOthers.add(what + " " + name);
                goesOn.complete(null); // who touches the disk may wait for the commit next
            } else if (what.startsWith("force")) {
                isForcing.complete(null);
                goesOn.join();
            }
        }

        /** Lets it go on to its end; what other threads have done on the disk by then. */
        List<String> goOn() throws InterruptedException {
            goesOn.complete(null);
            commits.join();
            return doneByOthers;
        }
    }
}
