package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Notes;

/** What a source says beside the bytes: what it finds in their head, and in a file beside them. */
@Timeout(60)
class AnnouncementsTest {

    private static final int CHUNK = 1000;
    private static final String NOTHING = "no LSN is known of this kind of snapshot: 0";

    @TempDir
    Path directory;

    private final List<String> found = new CopyOnWriteArrayList<>();

    @ParameterizedTest
    @ValueSource(ints = {1, 5000, SnapshotHead.BYTES, 600_000})
    void whatWasLookedAtIsSentAllTheSame(int bytes) throws Exception {
        byte[] whole = random(bytes, bytes);
        Path file = Files.write(directory.resolve("file"), whole);
        for (SnapshotInput input : List.of(new FileInput(file), FileStream.of(file).input())) {
            try (input; KeepingSidecar sidecar = sidecar()) {
                assertInstanceOf(Outcome.Committed.class, send(sidecar, input, unknown(Optional.empty())));
                assertArrayEquals(whole, sidecar.bytes());
            }
        }
        assertEquals(List.of(NOTHING, NOTHING), found);
    }

    @Test
    void aStreamIsOpenedWhenItsHeadIsThere() throws Exception {
        Pipe pipe = Pipe.open();
        try (StreamInput input = new StreamInput(pipe.source(), "stream"); KeepingSidecar sidecar = sidecar()) {
            CompletableFuture<Outcome> sending = CompletableFuture
                    .supplyAsync(() -> send(sidecar, input, unknown(Optional.empty())));
            sidecar.server.link();
            pipe.sink().write(ByteBuffer.allocate(100));
            assertEquals(List.of(), sidecar.opens);
            pipe.sink().close();
            assertInstanceOf(Outcome.Committed.class, sending.get(30, TimeUnit.SECONDS));
            assertEquals(1, sidecar.opens.size());
        }
    }

    @Test
    void anLsnThatIsGivenIsNotLookedFor() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[10]);
        try (KeepingSidecar sidecar = sidecar(); SnapshotInput input = new FileInput(file)) {
            assertInstanceOf(Outcome.Committed.class, send(sidecar, input, Sending.ORIGIN));
        }
        assertEquals(List.of(), found);
    }

    @Test
    void whatIsSaidOfASnapshotIsSaidWhenItIsOpened() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[10]);
        Notes notes = new Notes(Optional.of("binlog:5"), Map.of("run", "7"));
        Origin origin = new Origin("c", Sending.ORIGIN.database(), OptionalLong.of(1), true, notes, Optional.empty());
        try (KeepingSidecar sidecar = sidecar(); SnapshotInput input = new FileInput(file)) {
            assertInstanceOf(Outcome.Committed.class, send(sidecar, input, origin));
            Announcement opened = sidecar.opens.get(0);
            assertEquals(notes, opened.notes());
            assertEquals(true, opened.isMeant());
        }
    }

    @Test
    void whatTheHeadSaysIsSaidWhenItIsOpened() throws Exception {
        byte[] dump = "REDIS0011\u00fa\u000brepl-offset\u00c1\u0034\u0012".getBytes(StandardCharsets.ISO_8859_1);
        Path file = Files.write(directory.resolve("dump.rdb"), dump);
        for (SnapshotInput input : List.of(new FileInput(file), FileStream.of(file).input())) {
            try (input; KeepingSidecar sidecar = sidecar()) {
                assertInstanceOf(Outcome.Committed.class, send(sidecar, input, unknown(Optional.empty())));
                assertEquals(0x1234, sidecar.opens.get(0).identity().lsn());
                assertEquals(0x1234, sidecar.chunks.get(0).number("snapshot_lsn"));
            }
        }
        assertEquals(2, found.size());
        assertFalse(found.contains(NOTHING), found::toString);
    }

    @Test
    void aPositionIsReadBeforeTheLastChunk() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[2500]);
        Path position = Files.writeString(directory.resolve("position"), "binlog.000001 42\n");
        try (KeepingSidecar sidecar = sidecar(); SnapshotInput input = new FileInput(file)) {
            assertInstanceOf(Outcome.Committed.class, send(sidecar, input, unknown(Optional.of(position))));
            assertEquals(List.of(Optional.empty(), Optional.empty(), Optional.of("binlog.000001 42")),
                    sidecar.chunks.stream().map(ReceivedChunk::position).toList());
        }
    }

    @Test
    void aPositionThatCannotBeReadEndsIt() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[2500]);
        Path position = directory.resolve("missing");
        for (SnapshotInput input : List.of(new FileInput(file), FileStream.of(file).input())) {
            try (input; KeepingSidecar sidecar = sidecar()) {
                Outcome outcome = send(sidecar, input, unknown(Optional.of(position)));
                assertEquals(position.toString(),
                        assertInstanceOf(Outcome.InputFailed.class, outcome, outcome::message).name());
                assertEquals(1, sidecar.aborts.size());
                assertEquals(2, sidecar.chunks.size(), "the last one was not sent");
            }
        }
    }

    /** It has not committed with the LSN that the test's answers have, but with the one that was said. */
    private static KeepingSidecar sidecar() throws Exception {
        return new KeepingSidecar(CHUNK) {
            @Override
            String committed() {
                return super.committed().replace("\"snapshot_lsn\":1,",
                        "\"snapshot_lsn\":" + opens.get(0).identity().lsn() + ",");
            }
        };
    }

    private static Origin unknown(Optional<Path> position) {
        return new Origin("c", Sending.ORIGIN.database(), OptionalLong.empty(), false, Notes.NONE,
                position.map(PositionFile::new));
    }

    private Outcome send(KeepingSidecar sidecar, SnapshotInput input, Origin origin) {
        try (SnapshotSender sender = new SnapshotSender(sidecar.endpoint(), Credentials.NONE)) {
            return sender.send(input, origin, new Progress() {
                @Override
                public void update(Phase phase, long done, OptionalLong total) {
                    // not looked at here
                }

                @Override
                public void found(String sentence) {
                    found.add(sentence);
                }
            }, Duration.ZERO);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
