package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.vertx.core.http.ServerWebSocket;

/** What is told at the end of what sending took, and the name that the log of the sidecar has, too. */
@Timeout(60)
class TallyTest {

    private static final int CHUNK = 1000;
    private static final int BYTES = 9500;

    private final List<String> names = new ArrayList<>();
    private final List<Tally> tallies = new ArrayList<>();

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatHadToBeSentAgainIsCounted(boolean isStream) throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : 2500, bytes);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                if (number == 1 && chunk.end() == 4000) {
                    cut(link);
                }
                super.received(number, link, chunk);
            }
        }; SnapshotInput input = isStream ? Sending.zeros(BYTES) : file(BYTES)) {
            assertInstanceOf(Outcome.Committed.class, send(sidecar.endpoint(), input));
            long received = sidecar.chunks.stream().mapToLong(chunk -> chunk.data().length).sum();
            Tally tally = theTally();
            assertEquals(1, tally.resumes());
            assertEquals(tally.bytes() - BYTES, tally.resentBytes(), "each byte was sent, these were sent twice");
            assertTrue(tally.resentBytes() >= 1500 && tally.bytes() >= received, tally::toString);
            SnapshotIdentity opened = sidecar.opens.get(0).identity();
            assertEquals(opened.transferId(), tally.identity().transferId());
            assertEquals(List.of(opened.transferId()), names);
        }
    }

    @Test
    void whatIsRefusedOnItsWayHasItsTally() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                link.writeTextMessage(
                        "{\"type\":\"error\",\"code\":\"x\",\"message\":\"y\",\"source_database_id\":\"d\"}");
            }
        }; SnapshotInput input = file(CHUNK)) {
            assertInstanceOf(Outcome.Refused.class, send(sidecar.endpoint(), input));
            Tally tally = theTally();
            assertEquals(List.of(0L, 0L, (long) CHUNK),
                    List.of((long) tally.resumes(), tally.resentBytes(), tally.bytes()));
        }
    }

    @Test
    void whereNoByteIsAskedForThereIsNone() throws Exception {
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(open -> link
                .writeTextMessage(
                        "{\"type\":\"error\",\"code\":\"x\",\"message\":\"y\",\"source_database_id\":\"d\"}")));
                SnapshotInput input = Sending.zeros(CHUNK)) {
            assertInstanceOf(Outcome.Refused.class, send(sidecar.endpoint(), input));
            assertEquals(List.of(), tallies);
        }
    }

    private Outcome send(Endpoint to, SnapshotInput input) throws Exception {
        try (SnapshotSender sender = new SnapshotSender(to, Credentials.NONE)) {
            return sender.send(input, Sending.ORIGIN, new Progress() {
                @Override
                public void update(Phase phase, long done, OptionalLong total) {
                    // not looked at here
                }

                @Override
                public void named(String transfer) {
                    names.add(transfer);
                }

                @Override
                public void ended(Tally tally) {
                    tallies.add(tally);
                }
            }, Duration.ofSeconds(60));
        }
    }

    private Tally theTally() {
        assertEquals(1, tallies.size(), tallies::toString);
        return tallies.get(0);
    }

    private SnapshotInput file(int bytes) throws Exception {
        return new FileInput(Files.write(directory.resolve("file"), new byte[bytes]), Optional.empty());
    }
}
