package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;

/** Sources that send, and do not read what they are told: what they may do so, and what it costs nobody else. */
class DeafSourcesIT extends WithSidecar {

    /** What each end of a link has room for, in bytes: on one machine kernels would take megabytes. */
    private static final int ROOM = 4096;
    private static final String LONGEST_NAME = "d".repeat(128);

    @Test
    void asManyMessagesAsWereAllowedMayBeSentBeforeAnAnswerIsRead() throws Exception {
        start(Preloaded.disk("SHORT_SOCKETS", ROOM));
        int window = 1024;
        TestSnapshot random = TestSnapshot.random(LONGEST_NAME, window);
        TestSnapshot snapshot = new TestSnapshot(new SnapshotIdentity("c".repeat(256), random.identity().database(), 42,
                window, random.identity().totalCrc32c()), random.bytes());
        try (PlainSocket link = narrowLink()) {
            link.write(Frame.text(snapshot.open()).bytes());
            Answer.Opened opened = TestSnapshot.opened(answer(link));
            assertEquals(window, opened.windowMessages().orElseThrow());
            CompletableFuture<Void> written = CompletableFuture.runAsync(() -> {
                try {
                    for (int at = 0; at < window; at++) {
                        link.write(new Frame(Frame.BINARY, snapshot.chunk(at, at + 1)).bytes());
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            written.get(60, TimeUnit.SECONDS); // all of them, and not one answer was read
            for (int at = 1; at < window; at++) {
                assertEquals(at, assertInstanceOf(Answer.Pending.class, answer(link)).bytesDone());
            }
            TestSnapshot.committed(answer(link));
        }
    }

    @Test
    void aSourceThatKeepsItsLinkAliveWhileItDoesNotReadIsNotEnded() throws Exception {
        start(Preloaded.disk("SHORT_SOCKETS", ROOM));
        Frame abort = Frame.text(TestSnapshot.random(LONGEST_NAME, 1).abort());
        int messages = 550; // more than is on the way to who does not read, fewer than may be unanswered
        try (PlainSocket link = narrowLink()) {
            link.write(abort.times(messages));
            for (byte i = 1; i <= 3; i++) {
                link.write(new Frame(Frame.PONG, new byte[]{i}).bytes());
                link.write(new Frame(Frame.PING, new byte[]{i}).bytes());
            }
            link.write(new Frame(Frame.BINARY, TestSnapshot.random("behind", 10).chunk()).bytes());
            // so the pings have been seen, and nothing was read yet
            patiently().until(() -> sidecar.word("behind").equals("following"));
            int answers = 0;
            byte[] pong = {};
            while (answers <= messages || pong.length == 0 || pong[0] != 3) {
                Frame frame = Frame.read(link.in());
                if (frame.head() == Frame.PONG) {
                    pong = frame.payload(); // of those that could not be answered at once, the last
                } else {
                    assertEquals(Frame.TEXT, frame.head(), frame::text);
                    answers++;
                }
            }
            link.write(abort.bytes());
            assertInstanceOf(Answer.Aborted.class, answer(link));
        }
    }

    /** A link of a source that has no room for what it does not read. */
    private PlainSocket narrowLink() throws IOException {
        return PlainSocket.narrow(sidecar.uri(), ROOM).upgraded();
    }

    private static Answer answer(PlainSocket link) throws IOException {
        Frame frame = Frame.read(link.in());
        assertEquals(Frame.TEXT, frame.head(), frame::text);
        return JsonMessages.answer(frame.text());
    }

    @Test
    void aSourceThatDoesNotReadItsAnswersIsCutAndOthersGoOn() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "2S"));
        TestSnapshot snapshot = TestSnapshot.random("other", MIB);
        byte[] aborts = Frame.text(snapshot.of("deaf").abort()).times(1000);
        try (PlainSocket deaf = narrowLink()) {
            CompletableFuture<Void> cut = CompletableFuture.runAsync(() -> assertThrows(IOException.class, () -> {
                while (true) {
                    deaf.write(aborts); // blocks when the sidecar has stopped reading, and fails when it has cut the link
                }
            }));
            RawClient other = new RawClient(sidecar.uri());
            for (int at = 0; !cut.isDone(); at = (at + MIB / 4) % MIB) {
                snapshot.send(other, at, at + MIB / 4);
            }
            cut.get();
        }
        patiently().until(() -> sidecar.metric("mirror_bootstrap_buffered_bytes") == 0);
    }

    @Test
    void whoPingsWithoutReadingIsCut() throws Exception {
        start();
        byte[] pings = new Frame(Frame.PING, new byte[125]).times(1000);
        try (PlainSocket link = PlainSocket.to(sidecar.uri()).upgraded()) {
            for (int i = 0; i < 3000; i++) { // 390 MB
                link.write(pings);
            }
        } catch (SocketException e) {
            assertTrue(sidecar.isAlive(), e.toString()); // cut in the middle
        }
        assertEquals(200, sidecar.status("/v1/mirrors"));
        assertLogged("pings come faster than their pongs are read");
    }

    @Test
    void tinyFramesDoNotOverdrawTheBudget() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "100", "MIRROR_BOOTSTRAP_BUFFER_BYTES", "1M"));
        byte[] aborts = Frame.text(TestSnapshot.random("a", 1).abort()).times(20_000);
        List<PlainSocket> all = new ArrayList<>();
        ExecutorService writers = Executors.newCachedThreadPool();
        try {
            for (int i = 0; i < 60; i++) {
                PlainSocket link = PlainSocket.to(sidecar.uri()).upgraded();
                all.add(link);
                writers.submit(() -> {
                    OutputStream out = new BufferedOutputStream(link.socket().getOutputStream());
                    out.write(aborts); // their answers are not read: the link rests
                    out.write(new Frame(0x01, new byte[1]).bytes());
                    for (int more = 0; more < 9000; more++) {
                        out.write(new Frame(0x00, new byte[1]).bytes());
                    }
                    out.flush();
                    return null;
                });
            }
            double most = 0;
            for (int i = 0; i < 100; i++) {
                most = Math.max(most, sidecar.metric("mirror_bootstrap_buffered_bytes"));
                TimeUnit.MILLISECONDS.sleep(20); // to look again and again is what is tested
            }
            int oneReadEach = all.size() * 64 * 1024; // what the event loop had asked for already: IngestBudget
            assertTrue(most > 0 && most <= MIB + oneReadEach, most + " bytes of 1 MiB");
        } finally {
            for (PlainSocket link : all) {
                link.close();
            }
            writers.shutdownNow();
        }
    }
}
