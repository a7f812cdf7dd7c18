package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.vertx.core.http.ServerWebSocket;

/** A program that fails while there is no link. */
@Timeout(60)
class FailedProducerTest {

    private static final int CHUNK = 1000;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aProgramThatFailsWhileTheLinkIsDownIsTold(boolean comesBack) throws Exception {
        Path marker = directory.resolve("marker");
        String script = "head -c 9500 /dev/zero; until [ -e " + marker + " ]; do sleep 0.05; done; exit 3";
        try (StreamInput input = new StreamInput(new Producer(List.of("sh", "-c", script), false, line -> {
        }), "output");
                KeepingSidecar sidecar = new KeepingSidecar(CHUNK) {
                    @Override
                    void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
                        super.received(number, link, chunk);
                        if (number == 1 && chunk.end() == 5000) {
                            cut(link);
                        }
                    }
                };
                SnapshotSender sender = new SnapshotSender(sidecar.endpoint(), Credentials.NONE)) {
            Outcome outcome = sender.send(input, Sending.ORIGIN, new Progress() {
                @Override
                public void update(Phase phase, long done, OptionalLong total) {
                    // not looked at here
                }

                @Override
                public void retrying(Outcome lost, Duration pause) {
                    if (!comesBack) {
                        sidecar.close();
                    }
                    create(marker);
                }
            }, Duration.ofSeconds(60));
            assertEquals("sh ended with status 3. Nothing was committed",
                    assertInstanceOf(Outcome.ProducerFailed.class, outcome).message());
            assertEquals(comesBack ? 1 : 0, sidecar.aborts.size());
        }
    }

    private static void create(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
