package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.vertx.core.http.ServerWebSocket;

/** A link that is lost when all of a stream has been sent, and what the sidecar says of that afterwards. */
@Timeout(60)
class CommitUnknownTest {

    private static final int BYTES = 5;
    private static final Crc32c CRC32C = Crc32c.of(ByteBuffer.allocate(BYTES));
    private static final String LOST = "all was sent, whether it was committed is not known: the link was lost after 0 "
            + "bytes: the sidecar closed it with 1012, restarting";

    @TempDir
    Path directory;

    private final AtomicInteger links = new AtomicInteger();
    private final List<Outcome> retries = new CopyOnWriteArrayList<>();

    /** Takes the last chunk, and goes without an answer. */
    private ScriptedSidecar sidecar() throws Exception {
        return new ScriptedSidecar((vertx, link) -> {
            links.incrementAndGet();
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000)));
            link.binaryMessageHandler(chunk -> link.close((short) 1012, "restarting"));
        });
    }

    @Test
    void aCommitThatIsFinishedWithoutTheLinkIsASuccess() throws Exception {
        try (ScriptedSidecar sidecar = sidecar()) {
            sidecar.telling(ScriptedSidecar.status("bootstrapping", 1, BYTES, Crc32c.EMPTY),
                    ScriptedSidecar.status("following", 1, BYTES, CRC32C));
            Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class,
                    Sending.patiently(sidecar.endpoint(), Sending.zeros(BYTES), retries));
            assertEquals("committed as /nowhere", committed.message());
            assertEquals(BYTES, committed.bytesSent());
            assertEquals(CRC32C, committed.snapshot().crc32c());
        }
        assertEquals(List.of(LOST, "all was sent, whether it was committed is not known: the sidecar says "
                + "bootstrapping, LSN 1, 5 bytes"), retries.stream().map(Outcome::message).toList());
        assertEquals(1, links.get(), "to open it again would take over what is being committed");
    }

    @ParameterizedTest
    @CsvSource({"following, 2, 5, 0", "following, 1, 6, 0", "following, 1, 5, 1", "bootstrapping, 2, 5, 0",
            "disconnected, 1, 5, 0", "failed, 1, 5, 0"})
    void whatIsAnotherSnapshotOrNotUnderWayIsNoSuccess(String word, long lsn, long bytes, int crc32c)
            throws Exception {
        try (ScriptedSidecar sidecar = sidecar()) {
            sidecar.telling(
                    ScriptedSidecar.status(word, lsn, bytes, crc32c == 0 ? CRC32C : new Crc32c(crc32c)));
            assertEquals(
                    "all was sent, whether it was committed is not known: the sidecar says " + word + ", LSN " + lsn
                            + ", " + bytes + " bytes",
                    assertInstanceOf(Outcome.CommitUnknown.class,
                            Sending.patiently(sidecar.endpoint(), Sending.zeros(BYTES), retries)).message());
        }
        assertEquals(1, links.get());
    }

    @Test
    void aPathThatForgesTheResultIsNotTaken() throws Exception {
        try (ScriptedSidecar sidecar = sidecar()) {
            sidecar.telling(
                    ScriptedSidecar.status("following", 1, BYTES, CRC32C).replace("/nowhere", "/a\\n/nowhere"));
            assertInstanceOf(Outcome.NotUnderstood.class,
                    Sending.patiently(sidecar.endpoint(), Sending.zeros(BYTES), retries));
        }
    }

    @Test
    void whoDoesNotComeBackSaysThatItIsNotKnown() throws Exception {
        try (ScriptedSidecar sidecar = sidecar()) {
            assertEquals(LOST, Sending.once(sidecar.endpoint(), Sending.zeros(BYTES)).message());
        }
    }

    /** Nobody needs it any more: it may be rotated. */
    @Test
    void anInputThatIsWrittenToBehindItsEndIsNotBlamed() throws Exception {
        Path file = Files.write(directory.resolve("input"), new byte[BYTES]);
        assertEquals(LOST, sendThatIsTouched(file, link -> link.close((short) 1012, "restarting")).message());
        String wrong = ScriptedSidecar.refused(new Refusal.SnapshotCrcMismatch(CRC32C, Crc32c.EMPTY));
        assertInstanceOf(Outcome.Refused.class, sendThatIsTouched(file, link -> link.writeTextMessage(wrong)));
    }

    private static Outcome sendThatIsTouched(Path file, Consumer<ServerWebSocket> end) throws Exception {
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.opened(0, 1000, 10_000)));
            link.binaryMessageHandler(chunk -> {
                try {
                    Files.write(file, new byte[1], StandardOpenOption.APPEND);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                end.accept(link);
            });
        })) {
            return Sending.once(sidecar.endpoint(), FileStream.of(file).input());
        }
    }

    @Test
    void aFileGoesOnWhereItStood() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            boolean isFirst = links.incrementAndGet() == 1;
            link.textMessageHandler(open -> link.writeTextMessage(
                    isFirst ? ScriptedSidecar.opened(0, 1000, 10_000) : ScriptedSidecar.committed(BYTES)));
            link.binaryMessageHandler(chunk -> link.close((short) 1012, "restarting"));
        })) {
            assertInstanceOf(Outcome.Committed.class, Sending.patiently(sidecar.endpoint(),
                    new FileInput(Files.write(directory.resolve("file"), new byte[BYTES])), retries));
        }
        assertEquals(List.of(new Outcome.LinkLost(1012, "restarting", 0)), retries);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false}) // with nobody there any more, and with a sidecar that knows nothing of it
    void whenAllWasSentNobodyIsToldThatNothingWasCommitted(boolean isOver) throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(1 << 20) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(0, new byte[0]);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                if (!chunk.isDone()) {
                    link.writeTextMessage(ScriptedSidecar.pending(chunk.end(), chunk.end()));
                } else {
                    cut(link);
                }
            }
        }) {
            StreamInput input = Sending.zeros(3_500_000);
            Outcome.CommitUnknown outcome = assertInstanceOf(Outcome.CommitUnknown.class, isOver
                    ? Sending.once(sidecar.endpoint(), input)
                    : Sending.patiently(sidecar.endpoint(), input, new ArrayList<>()));
            assertTrue(outcome.message().startsWith("all was sent, whether it was committed is not known: "),
                    outcome.message());
            assertEquals(3_500_000, outcome.sent().totalBytes());
            assertEquals(Crc32c.of(ByteBuffer.allocate(3_500_000)), outcome.sent().totalCrc32c());
        }
    }

}
