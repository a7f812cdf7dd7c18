package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** How much links hold, of sources that send more than is taken or read nothing: no more than may be, and nothing behind their end. */
class LinkBoundsTest extends HandTurnedLinks {

    @Test
    void whereTheAnswersAreNotReadNoMoreIsTakenUntilTheyAre() {
        Open open = open();
        open.transport.takesMore(false);
        open.send(joined(repeated(3000, text(JsonMessages.write(new Control.Abort(new DatabaseId("a")))))));
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
        byte[] many = joined(repeated(1024, wantsToOpen("a".repeat(128))));
        for (int i = 0; i < 64; i++) {
            Open open = open();
            open.transport.takesMore(false);
            open.send(many);
            all.add(open);
        }
        long most = 8 * 1024 * 1024 + 64 * (HeapRoom.ANSWERS_PER_LINK + 1024);
        assertTrue(room.taken() <= most, () -> room.taken() + " bytes");
        all.subList(0, 32).forEach(open -> open.transport.takesMore(true));
        all.subList(32, 64).forEach(Open::loseConnection);
        all.forEach(Open::turnAll);
        asides.turnAll();
        all.forEach(Open::turnAll);
        assertEquals(0, room.taken(), "all are given back, whether they were read or their links are lost");
    }

    @Test
    void whereNoRoomIsLeftALinkHoldsLittleOfAMessageThatHasNotEnded() {
        byte[] spaces = " ".repeat(16 * 1024).getBytes(StandardCharsets.US_ASCII);
        byte[] abort = JsonMessages.write(new Control.Abort(new DatabaseId("a"))).getBytes(StandardCharsets.US_ASCII);
        room.take(8 * 1024 * 1024);
        Open open = open();
        open.send(MaskedFrame.of(0x81, joined(spaces, spaces, spaces, abort))); // has ended
        open.send(MaskedFrame.of(0x01, spaces), MaskedFrame.of(0x80, abort));
        assertEquals(List.of("aborted", "aborted"), open.types());
        open.send(MaskedFrame.of(0x01, spaces), MaskedFrame.of(0x00, new byte[]{' '}));
        assertEquals(List.of("aborted", "aborted", "error", "close 1011"), open.types());
        assertEquals(8 * 1024 * 1024, room.taken());
    }

    @Test
    void messagesThatHaveNotEndedShareTheRoomWithAnswersAndGiveItBack() {
        List<Open> all = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
            Open open = open();
            open.send(MaskedFrame.of(0x01, "{\"\u6f22".getBytes(StandardCharsets.UTF_8)));
            open.send(repeated(60, MaskedFrame.of(0x00, " ".repeat(1000).getBytes(StandardCharsets.US_ASCII))));
            all.add(open);
        }
        assertTrue(room.taken() > 64 * 60_000 && room.taken() <= 64 * 64 * 1024, () -> room.taken() + " bytes");
        all.forEach(Open::loseConnection);
        asides.turnAll();
        all.forEach(Open::turnAll);
        assertEquals(0, room.taken());
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
    void theyAreAFloodTooWhenTheyComeFasterThanItIsSeenThatNoPongIsRead() {
        Open open = open();
        open.transport.takesMore(false);
        open.send(joined(repeated(3000, ping("x")))); // more pongs than may wait, in one turn of the job
        assertTrue(open.link.isGone(), "it rests, and is cut without a word when the idle time-out is over");
        open.transport.takesMore(true);
        open.turnAll();
        assertTrue(open.types().contains("close 1002"), () -> open.types().toString());
    }

    @Test
    void theyAreAFloodTooWhereSomePongsHaveLeftBeforeNoMoreAreRead() {
        Open open = open();
        open.transport.takesOnly(1); // less than half of what may wait
        open.send(joined(repeated(3000, ping("x".repeat(125)))));
        assertTrue(open.link.isGone(), "it rests, and is cut without a word when the idle time-out is over");
    }

    @Test
    void nothingIsKeptOfPingsBehindTheEnd() {
        Open open = open();
        open.transport.send(joined(text("nonsense"), joined(repeated(10_000, ping("")))));
        open.transport.turn();
        jobs.turn();
        asides.turnAll();
        assertTrue(room.taken() < 1000, () -> room.taken() + " bytes");
        open.turnAll();
        assertEquals(List.of("error", "close 1007"), open.types());
    }

    @Test
    void aLinkThatHasEndedHoldsLittleWhileItsEndWaitsForTheDisk() {
        Open open = open(false, SETTINGS);
        open.send(wantsToOpen("a"), chunk("a", 0, 300));
        open.link.letInNoMore("as if its token had been removed");
        open.send(repeated(100, new byte[60_000])); // its end is handed to a worker that has not come to it
        assertTrue(open.transport.unread() > 95, () -> open.transport.unread() + " are not read");
        open.turnAside();
        assertEquals(0, open.transport.unread());
        assertEquals("close 1013", open.types().get(2));
    }

    @Test
    void aLinkThatItsSourceHasClosedGivesItsTransfersBackAndThrowsAwayInItsTurn() {
        Open open = open();
        open.send(wantsToOpen("a"), chunk("a", 0, 500));
        open.transport.takesMore(false); // so that the close is not answered, either
        open.send(ping("x"), close());
        assertTrue(open.link.isEnding());
        assertEquals(1, asides.waiting(), "the disk is waited for");
        open.turnAside();
        assertFalse(open.link.isEnding());
        open.transport.send(new byte[1000]);
        open.transport.turn();
        assertEquals(1, jobs.waiting());
        assertEquals(0, asides.waiting());
        Open next = open();
        next.send(wantsToOpen("a"));
        assertTrue(next.transport.sent.get(0).contains("\"offset\":500"), next.transport.sent::toString);
        assertFalse(open.link.isSuperseded(), "it had nothing to be taken over");
    }

    @Test
    void whatIsAheadOfTheRateWaits() {
        Open open = open(true, TestMirrors.settings(Map.of("ingest-rate-bytes-per-second", "1000")));
        open.send(chunk("a", 0, 900));
        open.send(chunk("a", 900, 950));
        assertEquals(List.of("pending"), open.types());
        open.transport.passTime();
        open.turnAll();
        assertEquals(List.of("pending", "pending"), open.types());
    }

    /** Else little that comes at once could fill the disk as fast as it likes. */
    @Test
    void whatCameCompressedCountsForTheRateAsWhatItYields() {
        Open open = open(true, TestMirrors.settings(Map.of("ingest-rate-bytes-per-second", "5000")));
        byte[] zeros = new byte[4000];
        SnapshotIdentity identity = new SnapshotIdentity("c", new DatabaseId("z"), 1, zeros.length,
                Crc32c.of(ByteBuffer.wrap(zeros)));
        open.send(joined(offersToCompress(identity), compressedChunk(identity, 0, new byte[2000], false),
                compressedChunk(identity, 2000, new byte[2000], true)));
        assertEquals(List.of("opened", "pending"), open.types());
        for (int i = 0; i < 4; i++) { // the second is decoded, then finished aside when it is due
            open.transport.passTime();
            open.turnAside();
        }
        assertEquals(List.of("opened", "pending", "committed"), open.types());
    }

    @Test
    void aLinkThatIsOpenedBehindTheEndOfItsSocketTakesItsPlaceAgain() throws Exception {
        Links.Place place = takePlace();
        place.socketGone();
        for (int i = 2; i < limits.maxLinks(); i++) {
            takePlace();
        }
        Link link = open().link; // takes one, too
        links.closed(link);
        links.opened(link, place);
        assertThrows(Links.NoPlace.class, () -> links.takePlace(CallerId.NOBODY));
        links.closed(link);
        place.socketGone();
        takePlace();
        assertThrows(Links.NoPlace.class, () -> links.takePlace(CallerId.NOBODY));
    }

    @Test
    void aLinkWhoseEndWaitsForTheDiskKeepsItsPlace() throws Exception {
        Open open = open();
        open.send(wantsToOpen("a"), chunk("a", 0, 300));
        for (int i = 1; i < limits.maxLinks(); i++) {
            takePlace();
        }
        open.place.socketGone();
        open.loseConnection();
        assertThrows(Links.NoPlace.class, () -> links.takePlace(CallerId.NOBODY));
        open.turnAside();
        links.takePlace(CallerId.NOBODY).socketGone();
    }
}
