package io.mirrorbootstrap.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.TraceContext;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.snapshot.TransferEvent.Remains;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.SpanData;

/** What a span says of a transfer, and how many there are. */
class TransferSpansTest {

    private static final long MIB = 1024 * 1024;
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final TraceContext SOURCE = new TraceContext("00-" + TRACE + "-b7ad6b7169203331-01", "a=1");
    private static final TraceContext ANOTHER = new TraceContext(
            "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01", "");

    private final EndedSpans ended = new EndedSpans();
    private long nanos = Long.MAX_VALUE - 1; // a clock may go past the end of its numbers
    private final TransferSpans spans = new TransferSpans(ended.tracer(), () -> nanos);

    @Test
    void aTransferIsOneSpanFromItsFirstSourceToItsCommit() {
        SnapshotIdentity orders = identity("orders", 100 * MIB);
        spans.on(began(orders, 0, Optional.of(SOURCE)));
        spans.on(new TransferEvent.Progressed(orders, 50 * MIB, 40 * MIB));
        spans.on(new TransferEvent.Progressed(orders, 51 * MIB, 40 * MIB));
        spans.on(new TransferEvent.Kept(orders, 60 * MIB, 40 * MIB, KeptReason.LINK_LOST));
        spans.on(began(orders, 60 * MIB, Optional.of(ANOTHER)));
        assertEquals(List.of(), ended.all());
        spans.on(committed(orders));

        SpanData span = ended.one();
        assertEquals("mirror_bootstrap.receive", span.getName());
        assertEquals(SpanKind.SERVER, span.getKind());
        assertEquals(TRACE, span.getTraceId());
        assertEquals("b7ad6b7169203331", span.getParentSpanId());
        assertEquals("1", span.getParentSpanContext().getTraceState().get("a"));
        assertEquals(List.of("checkpoint", "kept", "resumed", "committed"), ended.events());
        assertEquals(40 * MIB, span.getEvents().get(0).getAttributes().get(BoundedSpan.DURABLE));
        assertEquals("link_lost", span.getEvents().get(1).getAttributes().get(BoundedSpan.REASON));
        assertEquals(60 * MIB, span.getEvents().get(2).getAttributes().get(BoundedSpan.OFFSET));
        assertEquals("c7ad6b7169203331", span.getLinks().get(0).getSpanContext().getSpanId());
        assertEquals("orders", span.getAttributes().get(BoundedSpan.DATABASE));
        assertEquals("\"c lsn=9\\u202e\"", span.getAttributes().get(BoundedSpan.CLUSTER));
        assertEquals(orders.transferId(), span.getAttributes().get(BoundedSpan.TRANSFER));
        assertEquals(7, span.getAttributes().get(BoundedSpan.LSN));
        assertEquals(100 * MIB, span.getAttributes().get(BoundedSpan.SIZE));
        assertEquals(1, span.getAttributes().get(BoundedSpan.RESUMES));
        assertEquals(StatusCode.UNSET, span.getStatus().getStatusCode());
        assertFalse(span.toString().contains("/data/"), span::toString);
    }

    @Test
    void aTransferThatGoesOnInThisProcessSaysSo() {
        SnapshotIdentity orders = identity("orders", 100);
        spans.on(began(orders, 60, Optional.empty()));
        spans.on(committed(orders));
        assertEquals(List.of("resumed", "committed"), ended.events());
        assertEquals(60, ended.one().getAttributes().get(BoundedSpan.OFFSET));
    }

    @Test
    void aTransferThatFailsIsAnErrorWithItsCode() {
        SnapshotIdentity orders = identity("orders", 100);
        spans.on(began(orders, 0, Optional.empty()));
        Refusal refusal = new Refusal.Transport("no room in /data/recv_snapshots");
        spans.on(new TransferEvent.Refused(orders.database(), Principal.ANYBODY, refusal, Optional.empty()));
        spans.on(new TransferEvent.Refused(orders.database(), Principal.ANYBODY, refusal,
                Optional.of(new IllegalStateException("/data"))));
        spans.on(new TransferEvent.Failed(orders, 100, Remains.NOTHING, refusal,
                Optional.of(new IllegalStateException("/data")), Duration.ZERO));
        assertEquals(List.of("refused", "failed"), ended.events());
        assertEquals(StatusCode.ERROR, ended.one().getStatus().getStatusCode());
        assertEquals("transport", ended.one().getAttributes().get(BoundedSpan.ERROR));
        assertFalse(ended.one().toString().contains("/data"), () -> ended.one().toString());
    }

    @Test
    void whatIsDroppedIsAnErrorUnlessSomebodyMeantIt() {
        SnapshotIdentity orders = identity("orders", 100);
        for (DropReason reason : DropReason.values()) {
            spans.on(began(orders, 0, Optional.empty()));
            spans.on(new TransferEvent.Dropped(orders, 1, reason));
        }
        assertEquals(List.of("UNSET", "ERROR", "UNSET", "ERROR", "ERROR", "ERROR", "ERROR"),
                ended.all().stream().map(span -> span.getStatus().getStatusCode().name()).toList());
        assertEquals("expired", ended.all().get(5).getAttributes().get(BoundedSpan.ERROR));
    }

    @Test
    void thousandsOfCheckpointsAreTwentyEventsAndOfAStreamOneForEachDoubling() {
        SnapshotIdentity file = identity("file", 32_000 * 64 * MIB);
        SnapshotIdentity stream = identity("stream", 0);
        spans.on(began(file, 0, Optional.empty()));
        spans.on(began(stream, 0, Optional.empty()));
        for (long i = 1; i <= 32_000; i++) {
            spans.on(new TransferEvent.Progressed(file, i * 64 * MIB, i * 64 * MIB));
            spans.on(new TransferEvent.Progressed(stream, i * 64 * MIB, i * 64 * MIB));
        }
        spans.on(committed(file));
        spans.on(committed(stream));
        assertEquals(21, ended.all().get(0).getEvents().size());
        assertEquals(1 + 15, ended.all().get(1).getEvents().size()); // 64 MiB, and 2 to the 14th of it
    }

    @Test
    void aLinkThatFlapsForEverFillsNoSpanAndItsEndIsThere() {
        SnapshotIdentity orders = identity("orders", 100);
        spans.on(began(orders, 0, Optional.empty()));
        for (int i = 0; i < 1000; i++) {
            spans.on(new TransferEvent.Kept(orders, 50, 50, KeptReason.LINK_LOST));
            spans.on(began(orders, 50, Optional.of(i % 2 == 0 ? SOURCE : ANOTHER)));
        }
        spans.on(committed(orders));
        assertEquals(BoundedSpan.MAX_EVENTS, ended.events().size());
        assertEquals("committed", ended.events().get(BoundedSpan.MAX_EVENTS - 1));
        assertEquals(1000, ended.one().getAttributes().get(BoundedSpan.RESUMES));
        assertTrue(ended.one().getLinks().size() <= BoundedSpan.MAX_LINKS);
    }

    @Test
    void nameAfterNameLeavesNoSpanOpenBeyondTheBound() {
        for (int i = 0; i < 2 * TransferSpans.MAX_OPEN; i++) {
            nanos += TimeUnit.SECONDS.toNanos(1);
            spans.on(began(identity("db" + i, 100), 0, Optional.empty()));
        }
        assertEquals(TransferSpans.MAX_OPEN, ended.all().size());
        assertEquals("db0", ended.all().get(0).getAttributes().get(BoundedSpan.DATABASE));
        assertEquals("forgotten", ended.all().get(0).getEvents().get(0).getName());
    }

    @Test
    void transfersThatBeginWithoutEndHaveFewSpans() {
        SnapshotIdentity orders = identity("orders", 100);
        for (int i = 0; i < 1000; i++) {
            spans.on(began(orders, 0, Optional.empty()));
            spans.on(new TransferEvent.Dropped(orders, 1, DropReason.REPLACED));
        }
        assertEquals(TransferSpans.BURST, ended.all().size());
        nanos += TimeUnit.SECONDS.toNanos(1);
        for (int i = 0; i < 1000; i++) {
            spans.on(began(orders, 0, Optional.empty()));
            spans.on(new TransferEvent.Dropped(orders, 1, DropReason.REPLACED));
        }
        assertEquals(TransferSpans.BURST + TransferSpans.PER_SECOND, ended.all().size());
    }

    @Test
    void anotherSnapshotOfTheDatabaseIsASpanOfItsOwn() {
        spans.on(began(identity("orders", 100), 0, Optional.empty()));
        spans.on(began(identity("orders", 200), 0, Optional.empty()));
        assertEquals(List.of("replaced"), ended.events());
    }

    @Test
    void theEndOfTheProcessEndsWhatIsOpen() {
        SnapshotIdentity orders = identity("orders", 100);
        spans.on(began(orders, 0, Optional.empty()));
        spans.on(began(identity("users", 100), 0, Optional.empty()));
        spans.on(new TransferEvent.Kept(orders, 50, 50, KeptReason.PROCESS_ENDING));
        assertEquals(List.of("kept", "interrupted"), ended.events());
        spans.end();
        assertEquals(2, ended.all().size());
        spans.on(committed(identity("users", 100))); // nobody is there to hear it
        assertEquals(2, ended.all().size());
    }

    @Test
    void aSourceThatIsNotSampledHasNoSpan() {
        SnapshotIdentity orders = identity("orders", 100);
        spans.on(began(orders, 0, Optional.of(new TraceContext("00-" + TRACE + "-b7ad6b7169203331-00", ""))));
        spans.on(committed(orders));
        assertEquals(List.of(), ended.all());
    }

    private static TransferEvent began(SnapshotIdentity identity, long bytesDone, Optional<TraceContext> trace) {
        return new TransferEvent.Began(identity, bytesDone, bytesDone, "10.0.0.7:41234", trace);
    }

    private static TransferEvent committed(SnapshotIdentity identity) {
        return new TransferEvent.Committed(new CommittedSnapshot(identity.sourceClusterId(), identity.database(), 7,
                identity.totalBytes(), Crc32c.EMPTY, Instant.EPOCH), Path.of("/data/x.snapshot"), Duration.ZERO);
    }

    private static SnapshotIdentity identity(String database, long bytes) {
        return new SnapshotIdentity("c lsn=9\u202e", new DatabaseId(database), 7, bytes, Crc32c.EMPTY);
    }
}
