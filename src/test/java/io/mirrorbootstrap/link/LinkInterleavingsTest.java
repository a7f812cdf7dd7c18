package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.netty.buffer.Unpooled;

/**
 * What meets what on a link, in an order that the test decides: workers and event loop are turned by hand, the connection and the disk
 * are the test's.
 */
class LinkInterleavingsTest {

    private static final MirrorSettings SETTINGS = TestMirrors.settings(Map.of());

    private final SimulatedDisk disk = new SimulatedDisk();
    private final Mirrors mirrors = TestMirrors.on(disk);
    private final LinkLimits limits = new LinkLimits(SETTINGS);
    private final Links links = new Links(limits, new SimpleMeterRegistry(), null);
    private final AnswerRoom room = new AnswerRoom();
    private final HandTurned jobs = new HandTurned();
    private final HandTurned asides = new HandTurned();
    private final byte[] whole = new byte[1000];
    {
        new Random(1).nextBytes(whole);
    }

    /** A link and its connection. */
    private final class Open {
        private final FakeTransport transport;
        private final Link link;
        private final Links.Place place = place();

        Open(boolean canPull, MirrorSettings settings) {
            transport = new FakeTransport(canPull);
            link = new Link(transport, Principal.ANYBODY, links, mirrors, limits,
                    new IngestBudget(settings, new SimpleMeterRegistry()).of(Principal.ANYBODY),
                    new IngestRate(settings).of(Principal.ANYBODY), room, new Turns.Workers(jobs, asides));
            links.opened(link, place);
            transport.start(link);
            link.start();
        }

        void send(byte[]... frames) {
            for (byte[] frame : frames) {
                transport.send(frame);
            }
            turnAll();
        }

        void turnAll() {
            boolean any = true;
            while (any) {
                any = transport.turn();
                any |= jobs.turnAll();
            }
        }

        List<String> types() {
            return transport.sent.stream().map(each -> each.replaceFirst("^.*\"type\":\"(\\w+)\".*$", "$1")).toList();
        }
    }

    private Open open() {
        return new Open(true, SETTINGS);
    }

    private Links.Place place() {
        try {
            return links.takePlace(Optional.empty());
        } catch (Links.NoPlace e) {
            throw new AssertionError(e);
        }
    }

    private SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("c", new DatabaseId(database), 1, whole.length, Crc32c.of(ByteBuffer.wrap(whole)));
    }

    private byte[] chunk(String database, int from, int to) {
        byte[] payload = Arrays.copyOfRange(whole, from, to);
        byte[] head = ChunkEncoder.head(identity(database), from, payload.length, Crc32c.of(ByteBuffer.wrap(payload)),
                to == whole.length);
        return frame(0x82, joined(head, payload));
    }

    private static byte[] text(Control message) {
        return frame(0x81, JsonMessages.write(message).getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] ping(String payload) {
        return frame(0x89, payload.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] close() {
        return frame(0x88, new byte[]{3, (byte) 0xE8});
    }

    /** Masked with zeros. */
    private static byte[] frame(int first, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(8 + payload.length).put((byte) first);
        if (payload.length < 126) {
            frame.put((byte) (0x80 | payload.length));
        } else {
            frame.put((byte) 0xFE).putShort((short) payload.length);
        }
        frame.putInt(0).put(payload);
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private static byte[] joined(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(each -> each.length).sum());
        Arrays.stream(parts).forEach(all::put);
        return all.array();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothWaysOfReadingBringTheSame(boolean canPull) {
        Open open = new Open(canPull, SETTINGS);
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
        asides.turnAll();
        open.turnAll();
        assertEquals(List.of("pong there?", "committed", "pending"), open.types());
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
    }

    @Test
    void aCloseBehindTheLastChunkIsAnsweredBehindTheCommit() {
        Open open = open();
        open.send(joined(chunk("a", 0, 1000), close()));
        assertEquals(List.of(), open.types());
        assertFalse(open.transport.isOver());
        asides.turnAll();
        open.turnAll();
        assertEquals(List.of("committed", "close 1000"), open.types());
        assertTrue(open.transport.isOver());
    }

    @Test
    void aLinkThatIsLostDuringTheCommitHasCommitted() {
        Open open = open();
        open.send(chunk("a", 0, 1000));
        open.transport.loop.execute(() -> open.link.ends(new Ending.LinkLost()));
        open.turnAll();
        asides.turnAll();
        open.turnAll();
        asides.turnAll();
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
    }

    @Test
    void aSourceThatIsTakenOverInTheMiddleOfAChunkHearsSoAndLosesNothingConfirmed() {
        Open first = open();
        first.send(text(new Control.Open(identity("a"))), chunk("a", 0, 300));
        byte[] next = chunk("a", 300, 800);
        first.send(Arrays.copyOf(next, 200)); // of which some payload is written

        Open second = open();
        second.send(text(new Control.Open(identity("a"))));
        first.send(Arrays.copyOfRange(next, 200, next.length));
        first.turnAll();
        assertEquals(List.of("opened", "pending", "error", "close 4409"), first.types().stream()
                .map(each -> each.startsWith("close") ? "close 4409" : each).toList());
        assertTrue(first.link.isGone());
        assertTrue(second.transport.sent.get(0).contains("\"offset\":300"), second.transport.sent::toString);

        second.send(chunk("a", 300, 1000));
        asides.turnAll();
        second.turnAll();
        assertEquals(List.of("opened", "committed"), second.types());
        assertArrayEquals(whole, disk.bytes("a.snapshot").orElseThrow());
    }

    @Test
    void whereTheAnswersAreNotReadNoMoreIsTakenUntilTheyAre() {
        Open open = open();
        open.transport.takesMore(false);
        byte[] abort = text(new Control.Abort(new DatabaseId("a")));
        byte[][] many = new byte[3000][];
        Arrays.fill(many, abort);
        open.send(joined(many));
        assertEquals(List.of(), open.types());
        assertFalse(open.transport.isAsked(), "the socket is not read");
        open.transport.takesMore(true);
        open.turnAll();
        assertEquals(3000, open.types().stream().filter("aborted"::equals).count());
        assertTrue(open.transport.isAsked());
    }

    @Test
    void theAnswersOfAllLinksThatAreNotReadAreBounded() {
        List<Open> all = new ArrayList<>();
        byte[][] many = new byte[1024][];
        Arrays.fill(many, text(new Control.Open(identity("a".repeat(128)))));
        for (int i = 0; i < 64; i++) {
            Open open = open();
            open.transport.takesMore(false);
            open.send(joined(many));
            all.add(open);
        }
        long most = 8 * 1024 * 1024 + 64 * (AnswerRoom.BYTES_PER_LINK + 1024);
        assertTrue(room.taken() <= most, () -> room.taken() + " bytes");
        all.subList(0, 32).forEach(open -> open.transport.takesMore(true));
        all.subList(32, 64).forEach(open -> open.transport.loop.execute(() -> open.link.ends(new Ending.LinkLost())));
        all.forEach(Open::turnAll);
        asides.turnAll();
        all.forEach(Open::turnAll);
        assertEquals(0, room.taken(), "all are given back, whether they were read or their links are lost");
    }

    @Test
    void theLatestPingStandsForThoseBeforeItWhilePongsAreNotRead() {
        Open open = open();
        open.transport.takesMore(false);
        open.send(ping("0")); // this one finds out that no more is taken
        for (int i = 1; i <= 64; i++) {
            open.send(ping(String.valueOf(i)));
        }
        open.transport.takesMore(true);
        open.turnAll();
        assertEquals(List.of("pong 64", "pong 0"), open.types());
        assertFalse(open.link.isGone());
    }

    @Test
    void morePingsThanThatAreAFlood() {
        Open open = open();
        open.transport.takesMore(false);
        for (int i = 0; i <= 65; i++) {
            open.send(ping("x"));
        }
        assertTrue(open.link.isGone());
        open.transport.takesMore(true);
        open.turnAll();
        assertTrue(open.types().contains("close 1002"), () -> open.types().toString());
    }

    @Test
    void nothingIsKeptOfPingsBehindTheEnd() {
        Open open = open();
        byte[][] pings = new byte[10_001][];
        Arrays.fill(pings, ping(""));
        pings[0] = frame(0x81, "nonsense".getBytes(StandardCharsets.US_ASCII));
        open.transport.send(joined(pings));
        open.transport.turn();
        jobs.turn();
        asides.turnAll();
        assertTrue(room.taken() < 1000, () -> room.taken() + " bytes");
        open.turnAll();
        assertEquals(List.of("error", "close 1007"), open.types().stream()
                .map(each -> each.startsWith("close") ? "close 1007" : each).toList());
    }

    @Test
    void aLinkThatHasEndedHoldsLittleWhileItsEndWaitsForTheDisk() {
        Open open = new Open(false, SETTINGS);
        open.send(text(new Control.Open(identity("a"))), chunk("a", 0, 300));
        open.link.letInNoMore("as if its token had been removed");
        byte[][] more = new byte[100][];
        Arrays.fill(more, new byte[60_000]);
        open.send(more); // its end is handed to a worker that has not come to it
        assertTrue(open.transport.unread() > 95, () -> open.transport.unread() + " are not read");
        asides.turnAll();
        open.turnAll();
        assertEquals(0, open.transport.unread());
        assertEquals("close 1013", open.types().get(2));
    }

    @Test
    void whatIsAheadOfTheRateWaits() {
        Open open = new Open(true, TestMirrors.settings(Map.of("ingest-rate-bytes-per-second", "1000")));
        open.send(chunk("a", 0, 900));
        open.send(chunk("a", 900, 950));
        assertEquals(List.of("pending"), open.types());
        open.transport.passTime();
        open.turnAll();
        assertEquals(List.of("pending", "pending"), open.types());
    }

    @Test
    void anotherLinkOfACallerThatIsAheadOfTheRateIsNotReadAtFirst() {
        IngestRate.Share rate = new IngestRate(TestMirrors.settings(Map.of("ingest-rate-bytes-per-second", "1000")))
                .of(Principal.ANYBODY);
        rate.take(1000);
        FakeTransport transport = new FakeTransport(true);
        intake(transport, new IngestBudget(SETTINGS, new SimpleMeterRegistry()), rate).start();
        assertFalse(transport.isAsked());
        rate.take(1000); // the others go on
        transport.passTime();
        assertTrue(transport.isAsked(), "it waits again and again");
    }

    @Test
    void whatIsInFrontOfAnEndCountsForTheRate() {
        IngestRate.Share rate = new IngestRate(TestMirrors.settings(Map.of("ingest-rate-bytes-per-second", "1000")))
                .of(Principal.ANYBODY);
        AtomicBoolean isEnded = new AtomicBoolean();
        FakeTransport transport = new FakeTransport(true);
        Intake intake = new Intake(transport, new FrameParser(2000),
                new IngestBudget(SETTINGS, new SimpleMeterRegistry()).of(Principal.ANYBODY), rate, isEnded::get,
                isEnded::get, () -> {
                });
        intake.arrived(Unpooled.directBuffer().writeBytes(frame(0x82, new byte[1000])));
        assertTrue(intake.hasBytes());
        isEnded.set(true);
        while (intake.hasBytes()) {
            intake.next();
            intake.done();
        }
        assertTrue(rate.take(0) > 0, "it has cost nothing");
    }

    @Test
    void aLinkThatIsOpenedBehindTheEndOfItsSocketTakesItsPlaceAgain() throws Exception {
        Links.Place place = place();
        place.socketGone();
        for (int i = 2; i < limits.maxLinks(); i++) {
            place();
        }
        Link link = open().link; // takes one, too
        links.closed(link);
        links.opened(link, place);
        assertThrows(Links.NoPlace.class, () -> links.takePlace(Optional.empty()));
        links.closed(link);
        place.socketGone();
        place();
        assertThrows(Links.NoPlace.class, () -> links.takePlace(Optional.empty()));
    }

    @Test
    void aLinkThatIsLostWhileItWaitsForTheBudgetLeavesNothingThere() {
        IngestBudget budget = new IngestBudget(TestMirrors.settings(Map.of("buffer-bytes", "1000")),
                new SimpleMeterRegistry());
        FakeTransport lost = new FakeTransport(true);
        Intake intake = intake(lost, budget, new IngestRate(SETTINGS).of(Principal.ANYBODY));
        IngestBudget.Share holder = budget.of(Principal.ANYBODY);
        holder.take(1000);
        intake.start();
        intake.forget();
        holder.giveBack(1);
        assertEquals(0, lost.loop.waiting(), "the budget wakes a link that is gone");
    }

    @Test
    void aLinkWhoseEndWaitsForTheDiskKeepsItsPlace() throws Exception {
        Open open = open();
        open.send(text(new Control.Open(identity("a"))), chunk("a", 0, 300));
        for (int i = 1; i < limits.maxLinks(); i++) {
            place();
        }
        open.place.socketGone();
        open.transport.loop.execute(() -> open.link.ends(new Ending.LinkLost()));
        open.turnAll();
        assertThrows(Links.NoPlace.class, () -> links.takePlace(Optional.empty()));
        asides.turnAll();
        open.turnAll();
        links.takePlace(Optional.empty()).socketGone();
    }

    private Intake intake(FakeTransport transport, IngestBudget budget, IngestRate.Share rate) {
        return new Intake(transport, new FrameParser(1000), budget.of(Principal.ANYBODY), rate, () -> false,
                () -> false, () -> {
                });
    }

    @Test
    void whatOneLinkGivesBackLetsAnotherRead() {
        IngestBudget budget = new IngestBudget(TestMirrors.settings(Map.of("buffer-bytes", "1000")),
                new SimpleMeterRegistry());
        List<String> woken = new ArrayList<>();
        FakeTransport other = new FakeTransport(false);
        Intake intake = new Intake(other, new FrameParser(1000), budget.of(Principal.ANYBODY),
                new IngestRate(SETTINGS).of(Principal.ANYBODY),
                () -> false, () -> false, () -> woken.add("job"));
        IngestBudget.Share holder = budget.of(Principal.ANYBODY);
        holder.take(1000);
        intake.ask();
        other.loop.turnAll();
        assertFalse(other.isAsked());
        holder.giveBack(1);
        other.loop.turnAll();
        assertTrue(other.isAsked());
    }

    @Test
    void atShutdownWhatCameIsKeptAndTheSourceIsToldToComeBack() {
        Open open = open();
        open.send(text(new Control.Open(identity("a"))), chunk("a", 0, 300));
        open.link.shutDown();
        asides.turnAll();
        open.turnAll();
        assertEquals(List.of("opened", "pending", "close 1012"), open.types());
        assertArrayEquals(Arrays.copyOf(whole, 300), disk.bytes("a.partial").orElseThrow());
        assertTrue(disk.bytes("a.checkpoint.json").isPresent());
    }

    @Test
    void aShutdownDuringACommitWaitsForIt() {
        Open open = open();
        open.send(chunk("a", 0, 1000));
        open.link.shutDown();
        open.turnAll();
        assertEquals(List.of(), open.types());
        asides.turnAll();
        open.turnAll();
        asides.turnAll();
        open.turnAll();
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
        open.transport.loop.execute(() -> open.link.ends(new Ending.LinkLost()));
        open.turnAll();
        asides.turnAll();
        open.turnAll();
        assertTrue(open.link.isGone());
    }

    @Test
    void aDatabaseThatIsBusyIsAskedAgainInAWhileAndPingsAreAnswered() throws Exception {
        CountDownLatch isForcing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Open first = open();
        first.send(chunk("a", 0, 1000));
        disk.observe((what, name) -> {
            if (what.startsWith("force")) {
                isForcing.countDown();
                Awaitility.await().until(() -> goOn.getCount() == 0);
            }
        });
        Thread commits = new Thread(asides::turnAll);
        commits.start();
        isForcing.await();

        Open second = open();
        second.send(text(new Control.Open(identity("a"))), ping("x"));
        assertEquals(List.of("pong x"), second.types());
        disk.observe((what, name) -> {
        });
        goOn.countDown();
        commits.join();
        first.turnAll();
        second.transport.passTime();
        second.turnAll();
        assertEquals(List.of("committed"), first.types());
        assertEquals(List.of("pong x", "committed"), second.types());
    }
}
