package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A signal to a whole group ends the program in front of a pipe, and this process a moment later. */
@Timeout(60)
class EndingPipeTest {

    private static final Duration LONG = Duration.ofSeconds(50);

    @TempDir
    Path directory;

    private final CountDownLatch ending = new CountDownLatch(1);

    private Optional<Outcome> flawOfPipe(Duration signal, Runnable behindItsEnd) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Process program = new ProcessBuilder("sh", "-c", "printf half > " + pipe).start();
        try (FileStream stream = FileStream.of(pipe, ending, signal); ReadableByteChannel channel = stream.open()) {
            ByteBuffer bytes = ByteBuffer.allocate(8);
            while (channel.read(bytes) >= 0) {
                continue;
            }
            behindItsEnd.run();
            stream.awaitEnd();
            return stream.flaw(bytes.position(), true);
        } finally {
            program.destroy();
        }
    }

    @Test
    void whatEndedWhenThisProcessWasToldToEndIsNotAll() throws Exception {
        Optional<Outcome> flaw = flawOfPipe(LONG, () -> new Thread(ending::countDown).start());
        assertEquals(Optional.of("pipe cannot be read: it ended when this process was told to end, too"),
                flaw.map(outcome -> outcome.message().replace(directory + "/", "")));
    }

    @Test
    void elseNothingSpeaksAgainstIt() throws Exception {
        assertEquals(Optional.empty(), flawOfPipe(Duration.ofMillis(1), () -> {
        }));
    }

    @Test
    void aFileIsNotWaitedFor() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "whole");
        ending.countDown();
        try (FileStream stream = FileStream.of(file, ending, LONG); ReadableByteChannel channel = stream.open()) {
            assertTrue(channel.isOpen());
            stream.awaitEnd();
            assertEquals(Optional.empty(), stream.flaw(5, true));
        }
    }
}
