package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.vertx.core.http.ServerWebSocket;

/** One snapshot for several sidecars, each of which does something else. */
@Timeout(120)
class BroadcastTest {

    private static final int MIB = 1024 * 1024;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private final List<Outcome> retries = new CopyOnWriteArrayList<>();

    /** Cuts its first link when it has some chunks. */
    private static final class Cutting extends KeepingSidecar {
        private Cutting(int chunkBytes) throws Exception {
            super(chunkBytes);
        }

        @Override
        void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
            if (number == 1 && chunk.end() > 4 * MIB) {
                cut(link);
            } else {
                super.received(number, link, chunk);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachGetsAFileWhateverItsChunksAreAndItsLinkDoes(boolean isCrcKnown) throws Exception {
        byte[] whole = random(9 * MIB + 3, 1);
        Optional<Crc32c> known = Optional.of(Crc32c.of(ByteBuffer.wrap(whole))).filter(any -> isCrcKnown);
        try (KeepingSidecar usual = new KeepingSidecar(MIB);
                KeepingSidecar small = new KeepingSidecar(300_000);
                Cutting cutting = new Cutting(MIB);
                FileInput input = new FileInput(Files.write(directory.resolve("file"), whole), known)) {
            List<Outcome> outcomes = send(input, usual.endpoint(), small.endpoint(), cutting.endpoint());
            outcomes.forEach(outcome -> assertInstanceOf(Outcome.Committed.class, outcome, outcome::message));
            for (KeepingSidecar each : List.of(usual, small, cutting)) {
                assertArrayEquals(whole, each.bytes());
            }
            assertEquals(1, retries.size(), retries::toString);
            Stream.of(usual, small, cutting).forEach(each -> assertEquals(List.of(), each.aborts));
            assertTrue(cutting.chunks.get(cutting.chunks.size() - 1).isDone() && cutting.opens.size() == 2);
        }
    }

    @Test
    void eachGetsAStreamUnderTheSameNameAndOneThatRefusesIsOut() throws Exception {
        byte[] whole = random(9 * MIB + 3, 2);
        try (KeepingSidecar usual = new KeepingSidecar(MIB);
                Cutting cutting = new Cutting(300_000);
                StreamInput input = Sending.stream(whole)) {
            List<Outcome> outcomes = send(input, usual.endpoint(),
                    usual.server.endpoint(ScriptedSidecar.FORBIDDEN), cutting.endpoint());
            assertInstanceOf(Outcome.Committed.class, outcomes.get(0), outcomes.get(0)::message);
            assertInstanceOf(Outcome.NoLink.class, outcomes.get(1), outcomes.get(1)::message);
            assertInstanceOf(Outcome.Committed.class, outcomes.get(2), outcomes.get(2)::message);
            assertArrayEquals(whole, usual.bytes());
            assertArrayEquals(whole, cutting.bytes());
            assertEquals(1, Stream.of(usual, cutting).flatMap(each -> each.opens.stream())
                    .map(open -> open.identity().streamId()).distinct().count());
        }
    }

    @Test
    void aReadingForOneMirrorThatHasOtherBytesIsNotCommitted() throws Exception {
        byte[] whole = random(9 * MIB + 3, 3);
        byte[] other = whole.clone();
        other[MIB] ^= 1;
        try (StorageServer storage = new StorageServer(whole).with("ETag: \"one\"");
                KeepingSidecar usual = new KeepingSidecar(MIB);
                KeepingSidecar forgetful = new KeepingSidecar(MIB) {
                    @Override
                    void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                        if (number == 1 && chunk.end() == whole.length) { // all has been read, for both
                            storage.replace(other);
                            opened(0, whole);
                            cut(link);
                        } else {
                            super.received(number, link, chunk);
                        }
                    }
                };
                UrlInput input = input(SourceUrl.parse(storage.url("/base.tar")))) {
            List<Outcome> outcomes = send(input, usual.endpoint(), forgetful.endpoint());
            assertInstanceOf(Outcome.Committed.class, outcomes.get(0), outcomes.get(0)::message);
            assertInstanceOf(Outcome.InputChanged.class, outcomes.get(1), outcomes.get(1)::message);
        }
    }

    @Test
    void aFaultOfThisProgramAtOneMirrorTakesNothingFromAnother() throws Exception {
        IllegalStateException fault = new IllegalStateException("unforeseen");
        try (KeepingSidecar usual = new KeepingSidecar(MIB);
                KeepingSidecar other = new KeepingSidecar(MIB);
                StreamInput input = Sending.stream(random(MIB, 4));
                Broadcast broadcast = new Broadcast(
                        List.of(destination(other.endpoint()), destination(usual.endpoint())),
                        false, 8 * MIB)) {
            List<Outcome> outcomes = broadcast.send(input, Sending.ORIGIN, List.of((phase, done, all) -> {
                throw fault;
            }, Sending.noting(retries)), PATIENCE, PATIENCE);
            assertEquals(new Outcome.Unexpected(fault), outcomes.get(0));
            assertInstanceOf(Outcome.Committed.class, outcomes.get(1), outcomes.get(1)::message);
        }
    }

    private static UrlInput input(SourceUrl url) throws Exception {
        return UrlInput.open(url, new RangeClient(url, Optional.empty(), Optional.empty(), Optional.empty()),
                Optional.empty(), PATIENCE, (pause, why) -> {
                }, PATIENCE);
    }

    private static Destination destination(Endpoint to) {
        return new Destination(to, Credentials.NONE, Optional.empty());
    }

    private List<Outcome> send(SnapshotInput input, Endpoint... to) throws InterruptedException {
        List<Destination> destinations = Stream.of(to).map(BroadcastTest::destination).toList();
        try (Broadcast broadcast = new Broadcast(destinations, false, 8 * MIB)) {
            return broadcast.send(input, Sending.ORIGIN, Stream.of(to).map(each -> Sending.noting(retries)).toList(),
                    PATIENCE, PATIENCE);
        }
    }
}
