package io.mirrorbootstrap.source;

import static io.mirrorbootstrap.RandomBytes.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.snapshot.Crc32c;

/** A snapshot that is read from a server of HTTP: what the server may do, and what becomes of that. */
@Timeout(60)
class UrlInputTest {

    private static final int MIB = 1024 * 1024;
    private static final String SIGNED = "/base.tar?X-Signature=0123456789abcdef";

    @TempDir
    Path directory;

    private final byte[] whole = random(3 * MIB + 77, 1);
    private final List<String> waited = new CopyOnWriteArrayList<>();
    private final List<Outcome> retries = new CopyOnWriteArrayList<>();
    private Optional<HeaderFile> headers = Optional.empty();
    private Duration longestSilence = Duration.ofSeconds(60);
    private StorageServer storage;

    @BeforeEach
    void start() throws IOException {
        storage = new StorageServer(whole);
    }

    @AfterEach
    void stop() throws IOException {
        storage.close();
    }

    @Test
    void itIsReadOnceByRanges() throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB)) {
            assertInstanceOf(Outcome.Committed.class, Sending.once(sidecar.endpoint(), open(SIGNED)));
            assertArrayEquals(whole, sidecar.bytes());
            assertTrue(sidecar.opens.get(0).identity().streamId().orElseThrow().startsWith("u-"));
        }
        assertEquals(List.of(0L, 0L, 0L), storage.asked()); // a look, all of it, and another look
        assertTrue(storage.heads().get(1).startsWith("GET " + SIGNED + " HTTP/1.1"), storage.heads()::toString);
        assertTrue(storage.heads().get(1).toLowerCase().contains("if-match: \"one\""), storage.heads()::toString);
    }

    @Test
    void theHeadIsKnownAtOnce() throws Exception {
        try (UrlInput input = open("/base.tar")) {
            assertEquals(ByteBuffer.wrap(whole, 0, SnapshotHead.BYTES), input.head(Duration.ZERO).orElseThrow());
            assertEquals(whole.length, input.size().orElseThrow());
        }
        assertEquals(1, storage.heads().size());
    }

    @Test
    void aConnectionThatEndsEarlyIsMadeAnewAtTheSameByte() throws Exception {
        storage.cuts(2, 2 * MIB + 5);
        sent(true);
        assertEquals(4, storage.asked().size(), storage.asked()::toString);
        long again = storage.asked().get(2); // what was on its way when the connection ended may be lost with it
        assertTrue(again > MIB && again <= 2L * MIB + 5, storage.asked()::toString);
        assertEquals(List.of(), retries);
    }

    @Test
    void aServerThatIsDownForAMomentIsWaitedFor() throws Exception {
        storage.cuts(2, 2 * MIB + 5).on(3, "503 Slow Down", "");
        sent(true);
        assertEquals(1, retries.size());
        assertTrue(retries.get(0).message().contains("HTTP 503"), retries::toString);
        assertTrue(storage.asked().get(3) > 0, storage.asked()::toString);
    }

    @Test
    void whatIsNotThereAtOnceIsAskedForAgain() throws Exception {
        storage.on(1, "503 Slow Down", "<Error><Code>SlowDown</Code><Message>Reduce $1 of C:\\</Message></Error>");
        open("/base.tar").close();
        assertEquals(1, waited.size());
        assertTrue(waited.get(0).contains("HTTP 503 (SlowDown: Reduce $1 of C:\\)"), waited::toString);
    }

    @Test
    void aConnectionThatStallsIsGivenUp() throws Exception {
        longestSilence = Duration.ofMillis(300);
        storage.on(2, client -> {
            storage.part(client, MIB);
            client.getInputStream().read(); // the other side gives it up
        });
        sent(true);
        assertEquals(List.of(0L, 0L, (long) MIB, 0L), storage.asked());
    }

    @ParameterizedTest
    @CsvSource({"412 Precondition Failed, it is another", "404 Not Found, HTTP 404",
            "403 Forbidden, may have expired"})
    void whatIsOtherInTheMiddleIsNotCommitted(String status, String words) throws Exception {
        storage.cuts(2, MIB).on(3, status, "");
        Outcome outcome = sent(false);
        assertTrue(outcome.message().contains(words), outcome::message);
        assertEquals(status.startsWith("412"), outcome instanceof Outcome.InputChanged);
        assertEquals(List.of(), retries);
    }

    @ParameterizedTest
    @CsvSource({"'ETag: \"two\"', its ETag was", "'ETag: W/\"one\"', its ETag was"})
    void aServerThatForgetsTheConditionIsNotBelieved(String other, String words) throws Exception {
        storage.on(2, client -> {
            storage.part(client, MIB);
            storage.with(other);
        });
        assertTrue(assertInstanceOf(Outcome.InputChanged.class, sent(false)).message().contains(words));
    }

    @Test
    void anotherSizeIsAChange() throws Exception {
        storage.on(2, client -> {
            storage.part(client, MIB);
            storage.replace(Arrays.copyOf(whole, whole.length + 1));
        });
        assertTrue(assertInstanceOf(Outcome.InputChanged.class, sent(false)).message()
                .contains("now it has " + (whole.length + 1)));
    }

    @Test
    void whatIsWrittenToInPlaceIsSeenAtTheEnd() throws Exception {
        storage.with("Last-Modified: Sat, 28 Nov 2026 15:00:00 GMT").on(2, client -> {
            storage.part(client, Integer.MAX_VALUE);
            storage.with("Last-Modified: Sat, 28 Nov 2026 16:00:00 GMT");
        });
        assertTrue(assertInstanceOf(Outcome.InputChanged.class, sent(false)).message().contains("Last-Modified"));
        assertTrue(storage.heads().get(1).toLowerCase().contains("if-unmodified-since: sat"));
    }

    @Test
    void aSendThatIsStartedAgainGoesOnWithoutReadingWhatWasSent() throws Exception {
        int there = MIB + 5;
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(there, whole);
            }
        }) {
            Outcome.Committed committed = assertInstanceOf(Outcome.Committed.class,
                    Sending.once(sidecar.endpoint(), open(SIGNED)));
            assertEquals(whole.length - there, committed.bytesSent());
            assertArrayEquals(whole, sidecar.bytes());
        }
        assertEquals(List.of(0L, (long) there, 0L), storage.asked());
    }

    @Test
    void whatIsThereAlreadyIsNotReadAgain() throws Exception {
        Crc32c crc32c = Crc32c.of(ByteBuffer.wrap(whole));
        try (ScriptedSidecar sidecar = new ScriptedSidecar((vertx, link) -> link.textMessageHandler(
                open -> link.writeTextMessage(ScriptedSidecar.committed(1, whole.length, crc32c))))) {
            assertInstanceOf(Outcome.Committed.class, Sending.once(sidecar.endpoint(), open(SIGNED)));
        }
        assertEquals(List.of(0L), storage.asked());
    }

    @Test
    void withoutAStrongTagWhatWasSentIsCompared() throws Exception {
        storage.with("Last-Modified: Sat, 28 Nov 2026 15:00:00 GMT");
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB) {
            @Override
            String answer(int number, byte[] bytes) {
                return opened(MIB, new byte[MIB]);
            }
        }) {
            assertEquals(whole.length, assertInstanceOf(Outcome.Committed.class,
                    Sending.once(sidecar.endpoint(), open(SIGNED))).bytesSent());
            assertArrayEquals(whole, sidecar.bytes());
        }
    }

    @Test
    void theNameIsThatOfTheBytesWhateverTheSignature() throws Exception {
        String first = name("/base.tar?signature=1");
        assertEquals(first, name("/base.tar?signature=2"));
        assertNotEquals(first, name("/other.tar?signature=1"));
        storage.with("ETag: \"two\"");
        assertNotEquals(first, name("/base.tar?signature=1"));
        storage.with();
        try (UrlInput input = open("/base.tar")) {
            assertEquals(Optional.empty(), input.lastingName());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "200 OK | Accept-Ranges: none | it knows no ranges",
            "206 Partial Content | Content-Encoding: gzip | are encoded (Content-Encoding)",
            "206 Partial Content | Content-Range: bytes 0-3/* | how many bytes there are",
            "302 Found | Location: /elsewhere?secret=1 | a redirect to http://127.0.0.1:PORT/elsewhere?…, which is not followed",
            "404 Not Found | A: b | HTTP 404, there is nothing at /base.tar",
            "403 Forbidden | A: b | HTTP 403 (AccessDenied: Request … has expired), it does not let this be read: a presigned URL may have expired"})
    void whatCannotBeReadIsToldInWords(String status, String header, String words) throws Exception {
        String body = status.startsWith("403")
                ? "<Error><Code>AccessDenied</Code><Message>Request 0123456789abcdef has expired</Message></Error>"
                : "text";
        storage.on(1, status, body, header);
        IOException refused = assertThrows(IOException.class, () -> open(SIGNED));
        String port = storage.url("").replaceFirst(".*:", "");
        assertTrue(refused.getMessage().contains(words.replace("PORT", port)), refused::getMessage);
        assertFalse(refused.getMessage().matches("(?s).*(0123456789abcdef|secret).*"), refused::getMessage);
        assertEquals(1, storage.heads().size());
        assertEquals(List.of(), waited);
    }

    @Test
    void nothingOfASecretIsToldInWhateverFormAServerQuotesIt() throws Exception {
        headers = Optional.of(new HeaderFile(
                Files.writeString(directory.resolve("headers"), "Authorization: Bearer HEADERSECRET\n")));
        storage.on(1, "403 Forbidden", "<Error><Code>SignatureDoesNotMatch</Code><Message>token HEADERSECRET, "
                + "signature=abc/QUERYSECRET+x= are wrong</Message></Error>");
        IOException refused = assertThrows(IOException.class,
                () -> open("/base.tar?Signature=abc%2FQUERYSECRET%2Bx%3D"));
        assertTrue(refused.getMessage().contains("(SignatureDoesNotMatch: token … … are wrong)"), refused::getMessage);
    }

    @Test
    void whatHasNoByteIsEmpty() throws Exception {
        storage.replace(new byte[0]);
        try (UrlInput input = open("/base.tar")) {
            assertEquals(0, input.size().orElseThrow());
            assertFalse(input.begin());
        }
    }

    @Test
    void headersAreReadAgainForEachConnection() throws Exception {
        Path file = Files.writeString(directory.resolve("headers"), "# mine\n\nAuthorization: Bearer first\n");
        headers = Optional.of(new HeaderFile(file));
        storage.on(2, client -> {
            storage.part(client, MIB);
            Files.writeString(file, "Authorization: Bearer second\nX-Other: 1\n");
        });
        sent(true);
        assertTrue(storage.heads().get(1).contains("Bearer first"), storage.heads()::toString);
        assertTrue(storage.heads().get(2).contains("Bearer second"), storage.heads()::toString);
        assertTrue(storage.heads().get(2).contains("x-other: 1"), storage.heads()::toString);
    }

    @ParameterizedTest
    @CsvSource({"no header, line 1", "Range: bytes=0-, which each request has", "'a: 1\na: 2', line 2",
            "'', no header"})
    void aFileOfHeadersThatIsNoneIsTold(String text, String words) throws Exception {
        Path file = Files.writeString(directory.resolve("headers"), text);
        IOException wrong = assertThrows(IOException.class, new HeaderFile(file)::read);
        assertTrue(wrong.getMessage().contains(words), wrong::getMessage);
    }

    @Test
    void theQueryIsNotShown() throws Exception {
        try (UrlInput input = open(SIGNED)) {
            assertEquals(storage.url("/base.tar?…"), input.name());
        }
    }

    private String name(String path) throws Exception {
        try (UrlInput input = open(path)) {
            return input.lastingName().orElseThrow();
        }
    }

    private Outcome sent(boolean isWhole) throws Exception {
        try (KeepingSidecar sidecar = new KeepingSidecar(MIB)) {
            Outcome outcome = Sending.patiently(sidecar.endpoint(), open(SIGNED), retries);
            assertEquals(isWhole, outcome instanceof Outcome.Committed, outcome::message);
            assertEquals(isWhole, Arrays.equals(whole, sidecar.bytes()));
            assertEquals(outcome instanceof Outcome.InputChanged ? 1 : 0, sidecar.aborts.size());
            assertFalse(outcome.message().contains("0123456789abcdef"), outcome::message);
            return outcome;
        }
    }

    private UrlInput open(String path) throws Exception {
        SourceUrl url = SourceUrl.parse(storage.url(path));
        return UrlInput.open(url, new RangeClient(url, headers, Optional.empty(), Optional.empty()), Optional.empty(),
                Duration.ofSeconds(30), (pause, why) -> waited.add(why), longestSilence);
    }
}
