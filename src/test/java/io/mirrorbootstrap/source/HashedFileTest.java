package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.vertx.core.http.ServerWebSocket;

/** A file that is hashed while it is sent, and gone on with by what is read of it again. */
@Timeout(60)
class HashedFileTest {

    private static final int MIB = 1024 * 1024;

    @TempDir
    Path directory;

    private final byte[] whole = random(5 * MIB + 77, 1);
    private final Crc32c crc32c = Crc32c.of(ByteBuffer.wrap(whole));
    private final List<Outcome> retries = new CopyOnWriteArrayList<>();
    /** What was read again, up to where. */
    private final List<Long> reread = new CopyOnWriteArrayList<>();
    /** So much of what is read again has been read. */
    private final CompletableFuture<Void> half = new CompletableFuture<>();
    /** A sidecar that cuts its link then has done so; without one, nobody waits. */
    private CompletableFuture<Void> isCut = CompletableFuture.completedFuture(null);
    private Path file;

    @BeforeEach
    void snapshot() throws IOException {
        file = Files.write(directory.resolve("snapshot"), whole);
    }

    @Test
    void theCrcIsToldWithTheLastChunk() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB)) {
            committed(send(sidecar.endpoint()));
            SnapshotIdentity opened = sidecar.opens.get(0).identity();
            assertEquals(whole.length, opened.totalBytes());
            assertEquals(Crc32c.EMPTY, opened.totalCrc32c());
            assertTrue(opened.streamId().orElseThrow().startsWith("f-"), opened::toString);
            for (ReceivedChunk chunk : sidecar.chunks) {
                assertEquals(whole.length, chunk.number("total_bytes"));
                assertEquals(chunk.isDone() ? crc32c.unsigned() : 0, chunk.number("total_crc32c"));
            }
            assertArrayEquals(whole, sidecar.bytes());
        }
        assertEquals(List.of(), reread);
    }

    @Test
    void aCrcThatIsKnownIsToldInAdvance() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB);
                FileInput known = new FileInput(file, Optional.of(crc32c))) {
            committed(Sending.once(sidecar.endpoint(), known));
            SnapshotIdentity opened = sidecar.opens.get(0).identity();
            assertEquals(crc32c, opened.totalCrc32c());
            assertEquals(Optional.empty(), opened.streamId());
            assertTrue(sidecar.chunks.stream().allMatch(chunk -> chunk.number("total_crc32c") == crc32c.unsigned()));
        }
    }

    /** Where a chunk has ended nothing has to be read; else what is behind the last such byte. */
    @ParameterizedTest
    @CsvSource({"3145728, false", "3145700, true"})
    void afterALostLinkNoMoreIsReadThanIsNeeded(int offset, boolean isRead) throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(number == 1 ? 0 : offset, bytes);
            }

            @Override
            void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                super.received(number, link, chunk);
                if (number == 1 && chunk.end() == 4 * MIB) {
                    cut(link);
                }
            }
        }) {
            committed(send(sidecar.endpoint()));
            assertArrayEquals(whole, sidecar.bytes());
            ReceivedChunk last = sidecar.chunks.get(sidecar.chunks.size() - 1);
            assertEquals(crc32c.unsigned(), last.number("total_crc32c"));
        }
        assertEquals(1, retries.size());
        assertEquals(isRead, !reread.isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"1500000, false", "1500000, true", "5242957, false"}) // also when nothing is missing but the end
    void aSecondSourceGoesOnWithTheSameBytesOnly(int offset, boolean isOther) throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(offset, isOther ? new byte[offset] : whole);
            }
        }) {
            Outcome.Committed committed = committed(send(sidecar.endpoint()));
            assertArrayEquals(whole, sidecar.bytes());
            assertEquals(isOther ? whole.length : whole.length - offset, committed.bytesSent());
            assertEquals(isOther ? 0 : offset, sidecar.chunks.get(0).offset());
        }
        assertEquals(offset, reread.get(reread.size() - 1));
    }

    @Test
    void whatWasReadAgainIsNotReadOnceMore() throws Exception {
        isCut = new CompletableFuture<>();
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(5 * MIB, whole);
            }

            @Override
            void opened(int number, ServerWebSocket link) {
                if (number == 1) {
                    link.closeHandler(nothing -> isCut.complete(null));
                    half.thenRun(() -> cut(link));
                }
            }
        }) {
            committed(send(sidecar.endpoint()));
        }
        assertEquals(1, retries.size());
        assertEquals(1, reread.stream().filter(done -> done == 2 * MIB).count());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsSaidToBeThereIsComparedWithTheFile(boolean isRight) throws Exception {
        Crc32c told = isRight ? crc32c : new Crc32c(7);
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link
                .textMessageHandler(open -> link.writeTextMessage(ScriptedSidecar.committed(1, whole.length, told))))) {
            Outcome outcome = send(sidecar.endpoint());
            assertTrue(isRight ? outcome instanceof Outcome.Committed : outcome instanceof Outcome.NotUnderstood,
                    outcome::message);
        }
        assertEquals(whole.length, reread.get(reread.size() - 1));
    }

    @Test
    void theNameIsThatOfTheseBytes() throws Exception {
        String first = name();
        assertEquals(first, name());
        Files.write(file, new byte[1], StandardOpenOption.WRITE);
        Files.setLastModifiedTime(file, FileTime.from(Instant.EPOCH));
        assertFalse(first.equals(name()), "it was written to");
        Path copy = Files.copy(file, directory.resolve("copy"));
        Files.setLastModifiedTime(copy, FileTime.from(Instant.EPOCH));
        String second = name();
        file = copy;
        assertFalse(second.equals(name()), "it is another file");
        assertTrue(SnapshotIdentity.isValidStreamId(second), second);
    }

    private String name() throws IOException {
        try (FileInput input = new FileInput(file)) {
            return input.lastingName().orElseThrow();
        }
    }

    @Test
    void anOlderSidecarIsToldTheCrcInAdvance() throws Exception {
        List<SnapshotIdentity> opens = new CopyOnWriteArrayList<>();
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> {
            link.textMessageHandler(text -> {
                opens.add(((Control.Open) JsonMessages.control(text)).snapshot().identity());
                link.writeTextMessage(ScriptedSidecar.opened(opens.size() == 1 ? 0 : 5 * MIB, MIB, 4 * MIB));
            });
            link.binaryMessageHandler(message -> {
                ReceivedChunk chunk = ReceivedChunk.of(message);
                boolean isRight = chunk.offset() == 5 * MIB && chunk.number("total_crc32c") == crc32c.unsigned();
                link.writeTextMessage(ScriptedSidecar.committed(1, isRight ? whole.length : 0, crc32c));
            });
        })) {
            committed(send(sidecar.endpoint()));
        }
        assertEquals(List.of(Crc32c.EMPTY, crc32c), opens.stream().map(SnapshotIdentity::totalCrc32c).toList());
        assertEquals(Optional.empty(), opens.get(1).streamId());
        assertEquals(whole.length, reread.get(reread.size() - 1));
    }

    @Test
    void theEndOfTheLinkIsNoticedWhileAFileIsRead() throws Exception {
        Path large = directory.resolve("large");
        try (FileChannel channel = FileChannel.open(large, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1), 1L << 40); // a hole, which would be read for longer than the test may take
        }
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(open -> {
            link.writeTextMessage(ScriptedSidecar.opened(1L << 40, MIB, Optional.of(Crc32c.EMPTY)));
            link.close((short) 1012, "restarting");
        })); FileInput input = new FileInput(large)) {
            CompletableFuture<Outcome> sending = CompletableFuture
                    .supplyAsync(() -> Sending.once(sidecar.endpoint(), input));
            assertEquals(new Outcome.LinkLost(1012, "restarting", 0), sending.get(50, TimeUnit.SECONDS));
        }
    }

    @Test
    void aSumThatIsWrongAtTheEndIsNotTriedAgain() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String committed() {
                return ScriptedSidecar.refused(new Refusal.SnapshotCrcMismatch(crc32c, new Crc32c(7)));
            }
        }) {
            assertEquals("snapshot_crc_mismatch",
                    assertInstanceOf(Outcome.Refused.class, send(sidecar.endpoint())).failure().code());
        }
        assertEquals(List.of(), retries);
    }

    private Outcome send(Endpoint to) throws Exception {
        try (FileInput input = new FileInput(file);
                SnapshotSender sender = new SnapshotSender(to, Credentials.NONE)) {
            return sender.send(input, Sending.ORIGIN, new Progress() {
                @Override
                public void update(Phase phase, long done, OptionalLong total) {
                    if (phase == Phase.CHECKSUM) {
                        reread.add(done);
                        if (done == 3 * MIB && half.complete(null)) {
                            isCut.join();
                        }
                    }
                }

                @Override
                public void retrying(Outcome outcome, Duration pause) {
                    retries.add(outcome);
                }
            }, Duration.ofSeconds(60));
        }
    }

    private static Outcome.Committed committed(Outcome outcome) {
        return assertInstanceOf(Outcome.Committed.class, outcome, outcome::message);
    }
}
