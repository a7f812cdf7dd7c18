package io.mirrorbootstrap.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.access.RefusalCounts;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.StepTimes;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/** What is counted of a link: what it brings, why it is not read for a while, what it is refused. */
class LinkMetersTest extends HandTurnedLinks {

    @Test
    void whatComesIsCountedAndACommitStopsTheReading() {
        Open open = open();
        open.send(chunk("a", 0, 300));
        assertEquals(0, pauses("disk") + pauses("answers") + pauses("rate") + pauses("budget"));
        open.send(chunk("a", 300, 1000));
        assertEquals(1, pauses("disk"));
        open.turnAside();
        assertEquals(1, pauses("disk"));
        assertEquals(1000, metrics.get("mirror.bootstrap.received.bytes").counter().count());
        assertEquals(2, metrics.get("mirror.bootstrap.received.chunks").counter().count());
    }

    @Test
    void answersThatAreNotReadStopItOnce() {
        Open open = open();
        open.transport.takesMore(false);
        open.send(joined(repeated(3000, text(JsonMessages.write(new Control.Abort(new DatabaseId("a")))))));
        open.turnAll();
        assertEquals(1, pauses("answers"));
        open.send(ping("is anybody there?"));
        assertEquals(1, pauses("answers"), "it was stopped already");
    }

    @Test
    void theRateStopsIt() {
        Open open = open(true, TestMirrors.settings(Map.of("ingest-rate-bytes-per-second", "1000")));
        open.send(chunk("a", 0, 900));
        assertEquals(1, pauses("rate"));
    }

    @Test
    void theBudgetStopsIt() {
        Open open = open(false, TestMirrors.settings(Map.of("buffer-bytes", "1000")));
        open.transport.send(chunk("a", 0, 999));
        open.transport.turn(); // it is read, and no job has had its turn
        assertEquals(1, pauses("budget"));
    }

    @Test
    void whatIsRefusedIsCountedByItsCode() {
        Open open = open();
        open.send(chunk("a", 0, 300));
        open.send(chunk("a", 400, 500));
        assertEquals(1, refusals(ErrorCode.SNAPSHOT_OFFSET_REGRESSION));
        open.send(MaskedFrame.of(0x82, new byte[]{(byte) 0xC1}));
        assertEquals(1, refusals(ErrorCode.MALFORMED_ENVELOPE), "which closes the link");
    }

    @Test
    void aSourceThatIsTakenOverIsRefusedOnce() {
        Open first = open();
        first.send(wantsToOpen("a"));
        Open second = open();
        second.send(wantsToOpen("a"));
        first.turnAll();
        assertEquals(1, refusals(ErrorCode.SUPERSEDED));
    }

    @Test
    void theHeadOfAChunkIsTimedOnceHoweverItComes() {
        List<StepTimes.Step> told = new ArrayList<>();
        meters = new LinkMeters(metrics, new RefusalCounts(metrics), (step, nanos) -> told.add(step));
        Open open = open();
        byte[] frame = chunk("a", 0, 300);
        for (byte each : frame) {
            open.send(new byte[]{each});
        }
        assertEquals(List.of(StepTimes.Step.DECODE), told);
        open.send(chunk("a", 300, 300)); // it has no payload
        assertEquals(List.of(StepTimes.Step.DECODE, StepTimes.Step.DECODE), told);
    }

    private double refusals(ErrorCode code) {
        return metrics.get("mirror.bootstrap.refusals").tag("code", code.spelling()).counter().count();
    }
}
