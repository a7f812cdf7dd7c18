package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;

/** A source and a real sidecar. */
@QuarkusTest
class SnapshotSenderTest {

    private static final int MIB = 1024 * 1024;

    @TestHTTPResource
    URI service;

    @TempDir
    Path directory;

    private final Origin origin = new Origin("c", new DatabaseId("source-" + UUID.randomUUID()), 42);
    private final List<Long> sent = new ArrayList<>();
    private final Set<Progress.Phase> phases = EnumSet.noneOf(Progress.Phase.class);
    private SnapshotSender sender;

    @BeforeEach
    void source() {
        sender = new SnapshotSender(Endpoint.parse(service.toString()), Credentials.NONE, Optional.empty(), true);
    }

    @AfterEach
    void close() {
        sender.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, MIB - 1, MIB, MIB + 1, 9 * MIB + 77})
    void aFileIsCommittedByteForByte(int bytes) throws Exception {
        byte[] whole = random(bytes, bytes);
        Outcome.Committed committed = committed(sendFile(whole));
        check(whole, committed);
        assertEquals(bytes, committed.bytesSent());
        assertEquals(42, committed.snapshot().lsn());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, MIB, MIB + 1, 4 * MIB})
    void aStreamIsCommittedByteForByte(int bytes) throws Exception {
        byte[] whole = random(bytes, bytes);
        try (StreamInput input = Sending.stream(whole)) {
            check(whole, committed(sender.send(input, origin, this::progress)));
        }
    }

    @Test
    void aSnapshotThatIsThereAlreadyIsNotSentAgain() throws Exception {
        byte[] whole = random(2 * MIB, 1);
        Path file = Files.write(directory.resolve("file"), whole);
        for (int bytesSent : List.of(whole.length, 0)) {
            assertFalse(phases.contains(Progress.Phase.CHECKSUM), "it is read for nothing");
            try (FileInput input = new FileInput(file)) {
                Outcome.Committed committed = committed(sender.send(input, origin, this::progress));
                assertEquals(bytesSent, committed.bytesSent());
                check(whole, committed);
            }
        }
        assertTrue(phases.contains(Progress.Phase.CHECKSUM), "the sidecar was believed");
    }

    @Test
    void aNewerSnapshotReplacesTheOlder() throws Exception {
        committed(sendFile(random(MIB, 2)));
        byte[] newer = random(2 * MIB + 1, 3);
        check(newer, committed(sendFile(newer)));
    }

    @Test
    void progressGoesThroughThePhasesAndNeverBack() throws Exception {
        committed(sendFile(random(9 * MIB, 4)));
        assertTrue(phases.containsAll(Set.of(Progress.Phase.CONNECTING, Progress.Phase.SENDING)), phases::toString);
        assertEquals(sent.stream().sorted().toList(), sent);
    }

    @Test
    void aRefusalIsToldWithItsCode() throws Exception {
        Path file = Files.write(directory.resolve("huge"), random(MIB, 2));
        try (SnapshotInput huge = new Claiming(new FileInput(file), Long.MAX_VALUE / 2)) {
            Outcome.Refused refused = assertInstanceOf(Outcome.Refused.class,
                    sender.send(huge, origin, this::progress));
            assertEquals("insufficient_storage", refused.failure().code());
            assertTrue(refused.failure().fields().containsKey("needed"), refused::toString);
        }
    }

    @Test
    void aFileThatIsNotWhatItWasWhenItWasOpenedIsNotCommitted() throws Exception {
        byte[] whole = random(3 * MIB, 5);
        Path file = Files.write(directory.resolve("changing"), whole);
        try (FileInput input = new FileInput(file)) {
            Outcome.InputChanged changed = assertInstanceOf(Outcome.InputChanged.class,
                    sender.send(input, origin, (phase, done, total) -> {
                        if (phase == Progress.Phase.CONNECTING && done == 0) {
                            overwrite(file, new byte[2 * MIB]);
                        }
                    }));
            assertTrue(changed.message().contains("changed while it was being sent"), changed::message);
        }
    }

    @Test
    void aCrcThatIsToldInAdvanceIsNotComputedAndMustBeRight() throws Exception {
        byte[] whole = new byte[3 * MIB];
        Path file = Files.write(directory.resolve("told"), whole);
        Crc32c right = Crc32c.of(ByteBuffer.wrap(whole));
        try (FileInput input = new FileInput(file, Optional.of(right))) {
            committed(sender.send(input, origin, this::progress));
        }
        assertFalse(phases.contains(Progress.Phase.CHECKSUM), phases::toString);
        try (FileInput input = new FileInput(file, Optional.of(new Crc32c(right.bits() + 1)))) {
            Outcome refused = sender.send(input, origin, this::progress);
            assertTrue(refused.message().contains("snapshot_crc_mismatch"), refused::message);
        }
    }

    private Outcome sendFile(byte[] whole) throws Exception {
        Path file = Files.write(directory.resolve("file"), whole);
        try (FileInput input = new FileInput(file)) {
            return sender.send(input, origin, this::progress);
        }
    }

    private void progress(Progress.Phase phase, long done, OptionalLong total) {
        phases.add(phase);
        if (phase == Progress.Phase.SENDING) {
            sent.add(done);
        }
    }

    private static Outcome.Committed committed(Outcome outcome) {
        return assertInstanceOf(Outcome.Committed.class, outcome, outcome::message);
    }

    private static void check(byte[] whole, Outcome.Committed committed) throws Exception {
        assertArrayEquals(whole, Files.readAllBytes(Path.of(committed.snapshot().snapshotPath())));
        assertEquals(Crc32c.of(ByteBuffer.wrap(whole)), committed.snapshot().crc32c());
        assertEquals(whole.length, committed.snapshot().bytes());
    }

    private static void overwrite(Path file, byte[] bytes) {
        try {
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An input that says it is larger than it is. */
    private record Claiming(SnapshotInput input, long bytes) implements SnapshotInput {

        @Override
        public String name() {
            return input.name();
        }

        @Override
        public OptionalLong size() {
            return OptionalLong.of(bytes);
        }

        @Override
        public Optional<ByteBuffer> head(Duration patience) throws IOException, InterruptedException {
            return input.head(patience);
        }

        @Override
        public Optional<Crc32c> known() {
            return input.known();
        }

        @Override
        public Optional<String> lastingName() {
            return input.lastingName();
        }

        @Override
        public SnapshotInput again() throws IOException, InterruptedException {
            return new Claiming(input.again(), bytes);
        }

        @Override
        public void seek(long offset) throws IOException {
            input.seek(offset);
        }

        @Override
        public boolean isReady(Duration patience) throws InterruptedException {
            return input.isReady(patience);
        }

        @Override
        public void offer(ByteBuffer memory) {
            input.offer(memory);
        }

        @Override
        public long read(long upTo, Duration patience) throws IOException, InterruptedException {
            return input.read(upTo, patience);
        }

        @Override
        public OptionalLong end() {
            return input.end();
        }

        @Override
        public boolean begin() throws IOException, InterruptedException {
            return input.begin();
        }

        @Override
        public Optional<Outcome> flaw() throws IOException, InterruptedException {
            return input.flaw();
        }

        @Override
        public void close() throws IOException {
            input.close();
        }
    }
}
