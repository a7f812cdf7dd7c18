package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;

/** What is compressed on its way from one packaged program to the other. */
@Timeout(300)
class CompressIT extends WithSidecar {

    private static final int MIB = 1024 * 1024;
    private static final Pattern LINK_BYTES = Pattern.compile(" link_bytes=(\\d+)");

    private final List<Process> started = new ArrayList<>();
    private Relay relay;
    private Path whole;

    @BeforeEach
    void prepare() throws IOException {
        relay = new Relay();
        whole = directory.resolve("whole");
    }

    @AfterEach
    void end() throws IOException {
        started.forEach(Process::destroyForcibly);
        relay.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"zstd", "zstd:1", "auto"})
    void rowsShrinkAndNoiseDoesNotAndBothArriveAsTheyWere(String how) throws Exception {
        long size = rows(24);
        startAgain();
        Process send = send("--compress", how, whole.toString());
        assertCommitted(send);
        assertTrue(relay.bytes() < size + MIB, "noise has not grown");
        if (!how.equals("auto")) { // which has the last word on a link as fast as this one
            assertTrue(linkBytes() < size / 2, this::said);
            assertTrue(relay.bytes() < linkBytes() + MIB, this::said);
            double compressed = sidecar.metric("mirror_bootstrap_compressed_bytes_total");
            assertTrue(compressed > 0 && compressed < linkBytes(), () -> compressed + " bytes");
        }
        assertEquals(size, sidecar.metric("mirror_bootstrap_received_bytes_total"));
    }

    @Test
    void aStreamGoesOnPastAKilledSidecarAndACutLink() throws Exception {
        rows(60);
        startAgain();
        Process send = send("--compress", "zstd", "--", "cat", whole.toString());
        awaitBytes(send, 12 * MIB);
        sidecar.kill();
        startAgain();
        awaitBytes(send, 30 * MIB);
        relay.cut();
        assertCommitted(send);
    }

    @Test
    void aSidecarThatIsNotToOrCannotTakesNoneAndThatIsSaid() throws Exception {
        rows(4);
        startAgain(Map.of("MIRROR_BOOTSTRAP_COMPRESSION", "false"));
        assertCommitted(send("--compress", "zstd", whole.toString()));
        assertTrue(said().contains("the sidecar takes no compressed chunks: they are sent as they are\n"), this::said);
        sidecar.terminate();
        String nowhere = whole.resolve("nowhere").toString();
        List<String> command = new ArrayList<>(
                SidecarProcess.program(List.of("-Xmx64m", "-Djava.io.tmpdir=" + nowhere)));
        command.add("serve");
        try (SidecarProcess without = SidecarProcess.start(command, data(), Map.of())) {
            relay.leadTo(without.uri());
            assertCommitted(send("--compress", "zstd", "--lsn", "8", whole.toString()));
            without.assertLogged("a source that offers to compress sends its snapshot as it is: the library of zstd "
                    + "cannot be loaded from " + nowhere);
        }
    }

    /** Chunks that say little and yield much, each on a link of its own and without its end: nothing is decoded before that comes. */
    @Test
    void manyLinksTakeNoMoreMemoryThanAFew() throws Exception {
        startAgain();
        byte[] frame = streamed(new byte[8 * MIB]);
        assertTrue(frame.length < 10_000);
        long before = sidecar.residentKib();
        List<RawClient> links = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            RawClient link = new RawClient(sidecar.uri());
            links.add(link);
            SnapshotIdentity identity = identity("bomb-" + i);
            link.text(JsonMessages.write(new Control.Open(Announcement.of(identity), true)));
            assertEquals("zstd", link.answer().path("compression").asText());
            byte[] message = message(identity, frame);
            link.frame(message, 0, message.length - 1, false);
        }
        patiently().until(() -> sidecar.get("/v1/mirrors").contains("bomb-13"));
        for (int i = 0; i < links.size(); i++) {
            byte[] message = message(identity("bomb-" + i), frame);
            links.get(i).frame(message, message.length - 1, 1, true);
        }
        for (RawClient link : links) {
            assertEquals("committed", link.answer().path("type").asText());
            link.close();
        }
        long grown = sidecar.residentKib() - before;
        assertTrue(grown < 60 * 1024, () -> grown + " KiB more");
    }

    private static SnapshotIdentity identity(String database) {
        return new SnapshotIdentity("c", new DatabaseId(database), 1, 8 * MIB,
                Crc32c.of(ByteBuffer.wrap(new byte[8 * MIB])));
    }

    private static byte[] message(SnapshotIdentity identity, byte[] frame) {
        byte[] head = ChunkEncoder.head(identity, 0, 8 * MIB, OptionalInt.of(frame.length), identity.totalCrc32c(),
                true, Optional.empty());
        return ByteBuffer.allocate(head.length + frame.length).put(head).put(frame).array();
    }

    /** A frame with the largest window, which does not say how much it yields. */
    private static byte[] streamed(byte[] payload) {
        try (ZstdCompressCtx library = new ZstdCompressCtx()) {
            library.setWindowLog(23).setContentSize(false);
            ByteBuffer to = ByteBuffer.allocateDirect(MIB);
            ByteBuffer from = ByteBuffer.allocateDirect(payload.length).put(payload).flip();
            boolean isWhole = false;
            while (!isWhole) {
                isWhole = library.compressDirectByteBufferStream(to, from, EndDirective.END);
            }
            byte[] frame = new byte[to.flip().remaining()];
            to.get(frame);
            return frame;
        }
    }

    @SafeVarargs
    private void startAgain(Map<String, String>... environments) throws IOException {
        start(environments);
        relay.leadTo(sidecar.uri());
    }

    /** So many MiB of rows, and an eighth of that of noise behind them. */
    private long rows(int mib) throws IOException {
        StringBuilder rows = new StringBuilder();
        for (int row = 0; rows.length() < mib * MIB; row++) {
            rows.append("insert into orders values (").append(row).append(", 'customer ").append(row * 7919 % 10_007)
                    .append("', now());\n");
        }
        byte[] noise = new byte[mib * MIB / 8];
        new Random(7).nextBytes(noise);
        byte[] text = rows.toString().getBytes(StandardCharsets.US_ASCII);
        byte[] all = Arrays.copyOf(text, text.length + noise.length);
        System.arraycopy(noise, 0, all, text.length, noise.length);
        Files.write(whole, all);
        return all.length;
    }

    private Process send(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("send", "--url", relay.uri().toString(), "--cluster", "c",
                "--database", "orders", "--give-up-after", "120"));
        arguments.addAll(List.of(more));
        if (!arguments.contains("--lsn")) {
            arguments.addAll(1, List.of("--lsn", "7"));
        }
        Process send = SidecarProcess.command(arguments.toArray(String[]::new))
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile()).start();
        started.add(send);
        return send;
    }

    private String said() {
        try {
            return Files.readString(directory.resolve("err"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private long linkBytes() {
        Matcher said = LINK_BYTES.matcher(said());
        assertTrue(said.find(), this::said);
        return Long.parseLong(said.group(1));
    }

    private void awaitBytes(Process send, long bytes) {
        patiently().until(() -> {
            assertTrue(send.isAlive() || sidecar.word("orders").equals("following"), this::said);
            return sidecar.bytesDone("orders") >= bytes;
        });
    }

    private void assertCommitted(Process send) throws Exception {
        assertTrue(send.waitFor(120, TimeUnit.SECONDS), this::said);
        assertEquals(0, send.exitValue(), this::said);
        assertEquals(-1, Files.mismatch(whole, file("orders.snapshot")));
        assertEquals(List.of(), Stream.of("orders.partial").filter(each -> Files.exists(file(each))).toList());
    }
}
