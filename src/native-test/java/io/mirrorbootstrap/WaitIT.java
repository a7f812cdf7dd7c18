package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.source.RawServer;
import io.mirrorbootstrap.wire.ErrorCode;

/** The handover: {@code wait}, and the health group that says the same. */
class WaitIT extends WithSidecar {

    private static final String GROUP = "/q/health/group/mirror";

    /** How a command ended, and what it said. */
    private record Ended(int code, String out, String err) {
    }

    private final TestSnapshot orders = TestSnapshot.of("orders", 7,
            "the snapshot".getBytes(StandardCharsets.US_ASCII));
    private final List<Process> waiting = new ArrayList<>();

    @AfterEach
    void stopWaiting() {
        waiting.forEach(Process::destroyForcibly);
    }

    @Test
    void itEndsWhenTheSnapshotIsThereAndTheHealthGroupIsUp() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders,stock"));
        Process wait = begin("--verify");
        BufferedReader err = new BufferedReader(new InputStreamReader(wait.getErrorStream(), StandardCharsets.UTF_8));
        assertEquals("waiting for orders: nothing has come yet", err.readLine());
        assertEquals(503, sidecar.status(GROUP));

        commit(orders);

        Ended ended = end(wait);
        assertEquals(0, ended.code());
        assertEquals(handedOver(), ended.out());
        assertEquals(503, sidecar.status(GROUP));
        commit(orders.of("stock"));
        assertEquals(200, sidecar.status(GROUP));
    }

    @Test
    void aDatabaseMayBeNamedAsTheEventsAre() throws Exception {
        start();
        commit(orders.of("events"));
        Ended there = end(
                run("wait", "--url", sidecar.uri().toString(), "--database", "events", "--timeout", "30"));
        assertEquals(0, there.code(), there.err());
    }

    @Test
    void itSaysHowFarItWasWhenTimeIsUp() throws Exception {
        start();
        Ended nothing = end(begin("--timeout", "1"));
        assertEquals(4, nothing.code());
        assertTrue(nothing.err().contains("no snapshot of orders in 1 seconds: nothing has come yet"), nothing.err());

        RawClient source = new RawClient(sidecar.uri());
        wrong(7, 1000).send(source);
        Ended some = end(begin("--timeout", "1"));
        assertEquals(4, some.code());
        assertTrue(some.err().contains("bootstrapping, 12 B of 1000 B"), some.err());
        source.close();

        sidecar.close();
        Ended nobody = end(begin("--timeout", "1"));
        assertEquals(4, nobody.code());
        assertTrue(nobody.err().contains("the sidecar cannot be reached: Connection refused"), nobody.err());
    }

    @Test
    void itSaysWhyTheTransferFailed() throws Exception {
        start();
        TestSnapshot.refused(ErrorCode.SNAPSHOT_CRC_MISMATCH, wrong(7, 12).send(new RawClient(sidecar.uri())));
        Ended failed = end(begin());
        assertEquals(3, failed.code());
        assertTrue(
                failed.err().contains("the transfer failed: snapshot_crc_mismatch: the snapshot received has CRC-32C"),
                failed.err());
    }

    @Test
    void aSuccessorOnItsWayIsNoReasonToWait() throws Exception {
        start();
        commit(orders);
        RawClient source = new RawClient(sidecar.uri());
        wrong(8, 1000).send(source);
        assertEquals(handedOver(), end(begin()).out());
        assertEquals(handedOver(), end(begin("--verify")).out());
        source.close();

        sidecar.kill();
        start(); // what was left of the successor is disconnected now
        assertEquals(handedOver(), end(begin("--verify")).out());

        RawClient failing = new RawClient(sidecar.uri());
        wrong(8, 12).send(failing);
        failing.close();
        assertEquals(handedOver(), end(begin()).out());
        assertEquals(handedOver(), end(begin("--verify")).out());
        Files.writeString(file("orders.snapshot"), "The", StandardOpenOption.WRITE);
        Ended damaged = end(begin("--verify"));
        assertEquals(3, damaged.code());
        assertTrue(damaged.err().contains(file("orders.snapshot") + " is not what its manifest says"), damaged.err());
        Ended elsewhere = end(begin("--data-dir", directory.resolve("elsewhere").toString()));
        assertEquals(3, elsewhere.code());
        assertTrue(elsewhere.err().contains("the transfer failed: snapshot_crc_mismatch"), elsewhere.err());
        assertTrue(elsewhere.err().contains("; an earlier snapshot is there, but " + directory.resolve("elsewhere")
                + "/recv_snapshots/orders.snapshot cannot be seen from here (--data-dir)"), elsewhere.err());
    }

    @Test
    void aMirrorThatHasWhatItNeedsDoesNotWait() throws Exception {
        start();
        Path restored = Files.createFile(directory.resolve("restored"));
        Ended there = end(begin("--unless", restored.toString()));
        assertEquals(0, there.code(), there.err());
        assertEquals("", there.out());
        assertEquals(restored + " is there: nothing to wait for\n", there.err());
        Files.delete(restored);
        assertEquals(4, end(begin("--unless", restored.toString(), "--timeout", "1")).code());
        for (String noFile : List.of("", directory.toString())) {
            Ended wrong = end(begin("--unless", noFile));
            assertEquals(2, wrong.code(), wrong.out());
            assertTrue(wrong.err().contains("--unless is '" + noFile + "', it must name a file"), wrong.err());
        }
        Path loop = directory.resolve("loop"); // nobody can say what is behind it, whoever asks
        Ended unseen = end(begin("--unless", Files.createSymbolicLink(loop, loop).toString()));
        assertEquals(3, unseen.code());
        assertTrue(unseen.err().contains("--unless " + loop + ": whether it is there cannot be seen"), unseen.err());
    }

    @Test
    void itWaitsForEachOfSeveralDatabases() throws Exception {
        start();
        commit(orders.of("stock"));
        Ended half = end(begin("--database", "stock", "--timeout", "1"));
        assertEquals(4, half.code());
        assertTrue(half.err().contains("no snapshot of orders in 1 seconds"), half.err());
        commit(orders);
        Ended both = end(begin("--database", "stock,orders"));
        assertEquals(0, both.code(), both.err());
        assertEquals(List.of(file("orders.snapshot").toString(), file("stock.snapshot").toString(),
                file("orders.snapshot").toString()), both.out().lines().map(line -> line.split("\t")[0]).toList());
        assertEquals(2, end(begin("--database", "stock,.hidden")).code());
        Ended none = end(run("wait", "--database", ",", "--url", sidecar.uri().toString()));
        assertEquals(2, none.code(), none.out());
        assertTrue(none.err().contains("no database is named"), none.err());
    }

    @Test
    void itReadsTheFileAgainWhenAsked() throws Exception {
        start();
        commit(orders);
        Files.writeString(file("orders.snapshot"), "The", StandardOpenOption.WRITE);
        assertEquals(0, end(begin()).code());
        Ended changed = end(begin("--verify"));
        assertEquals(3, changed.code());
        assertTrue(changed.err().contains(file("orders.snapshot") + " is not what its manifest says"), changed.err());
    }

    @Test
    void aSidecarThatIsNoneNeitherForgesALineNorTakesUpTheMemory() throws Exception {
        try (RawServer server = RawServer.of("200 OK",
                "{\"source_database_id\":\"orders\",\"status\":\"following\",\"bytes_done\":1,\"bytes_total\":1,"
                        + "\"snapshot_lsn\":1,\"rate_bytes_per_second\":0,\"crc32c\":\"0x00000001\","
                        + "\"snapshot_path\":\"/a\\u001b[2J\\n\\t/recv_snapshots/orders.snapshot\"}")) {
            Ended forged = end(run("wait", "--database", "orders", "--url", server.url()));
            assertEquals(3, forged.code());
            assertEquals("", forged.out());
            assertEquals("mirror-bootstrap: the snapshot of orders is at /a\\u001b[2J\\n\\t/recv_snapshots/"
                    + "orders.snapshot, and no line that says so could be relied upon\n", forged.err());
        }
        Path file = Files.writeString(directory.resolve("file"), "x");
        try (RawServer server = new RawServer(out -> {
            out.write("HTTP/1.1 403 No\r\nContent-Length: 1000000000000\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            while (true) {
                out.write(new byte[1024 * 1024]);
            }
        })) {
            Ended refused = end(run("wait", "--database", "orders", "--url", server.url()));
            assertEquals(3, refused.code(), refused.err());
            assertEquals("mirror-bootstrap: the sidecar does not tell: it answered with more than 262144 bytes\n",
                    refused.err());
            Ended unsent = end(run("send", file.toString(), "--url", server.url(), "--cluster", "c", "--database",
                    "orders", "--lsn", "1", "--give-up-after", "0"));
            assertEquals(3, unsent.code(), unsent.err());
            assertTrue(unsent.err().endsWith(" cannot be reached: it answered with more than 262144 bytes\n"),
                    unsent.err());
        }
    }

    @Test
    void itShowsItsTokenAndFindsTheFileElsewhere() throws Exception {
        start(tokens("secret"));
        Ended refused = end(begin());
        assertEquals(3, refused.code());
        assertTrue(refused.err().contains("the sidecar does not tell: HTTP 401"), refused.err());
        sidecar.close();

        start();
        commit(orders);
        sidecar.close();
        start(tokens("secret"));
        Path elsewhere = Files.createSymbolicLink(directory.resolve("elsewhere"), directory.resolve("data"));
        Ended there = end(
                begin("--token-file", tokenFile().toString(), "--data-dir", elsewhere.toString(), "--verify"));
        assertEquals(0, there.code(), there.err());
        assertTrue(there.out().startsWith(elsewhere + "/recv_snapshots/orders.snapshot\t"), there.out());
    }

    /** What is said of the database orders when {@link #orders} is there. */
    private String handedOver() {
        return file("orders.snapshot") + "\t7\t" + orders.identity().totalCrc32c() + "\t" + orders.bytes().length
                + "\n";
    }

    private Process begin(String... options) throws Exception {
        List<String> arguments = new ArrayList<>(
                List.of("wait", "--database", "orders", "--url", sidecar.uri().toString()));
        arguments.addAll(List.of(options));
        return run(arguments.toArray(String[]::new));
    }

    private Process run(String... arguments) throws Exception {
        Process wait = SidecarProcess.command(arguments).start();
        waiting.add(wait);
        return wait;
    }

    private static Ended end(Process wait) throws Exception {
        String out = new String(wait.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(wait.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(wait.waitFor(60, TimeUnit.SECONDS));
        return new Ended(wait.exitValue(), out, err);
    }

    private void commit(TestSnapshot snapshot) throws Exception {
        RawClient source = new RawClient(sidecar.uri());
        snapshot.committed(source);
        source.close();
    }

    /** The same bytes, said to be the first, or all, of so many that have another CRC-32C. */
    private TestSnapshot wrong(long lsn, int total) {
        return new TestSnapshot(new SnapshotIdentity("cluster", new DatabaseId("orders"), lsn, total, new Crc32c(1)),
                orders.bytes());
    }
}
