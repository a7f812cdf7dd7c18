package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

/**
 * The life of a pod of k8s/base, on one machine and without a cluster: the sidecar starts and is probed, {@code wait} blocks
 * the mirror, a source sends a PostgreSQL's files, {@code wait} ends, another PostgreSQL starts from them and answers; then
 * the end, in Kubernetes' order.
 */
class PodLifeIT {

    @TempDir
    Path temp;

    @Test
    void aMirrorStartsFromWhatItsSidecarReceived() throws Exception {
        Path snapshot = sourceSnapshot();
        Path volume = temp.resolve("volume");
        SidecarProcess sidecar = SidecarProcess.start(volume, List.of("-Xmx64m"),
                Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders"));
        Process wait = null;
        try {
            assertEquals(200, status(sidecar, "/q/health/started"));
            assertEquals(200, status(sidecar, "/q/health/ready"));
            assertEquals(503, status(sidecar, "/q/health/group/mirror"));
            wait = program("wait", "--database", "orders", "--verify", "--url", sidecar.uri().toString());
            assertEquals('w', wait.getErrorStream().read()); // "waiting for orders: ..."

            Process send = program("send", snapshot.toString(), "--cluster", "primary", "--database", "orders", "--lsn",
                    "0/1", "--url", sidecar.uri().toString());
            assertEquals(0, ended(send));

            assertEquals(0, ended(wait));
            String[] handedOver = new String(wait.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\t");
            assertEquals(volume.resolve("recv_snapshots/orders.snapshot"), Path.of(handedOver[0]));
            assertEquals(200, status(sidecar, "/q/health/group/mirror"));

            Path restored = Files.createDirectory(temp.resolve("restored"));
            tar("-xf", handedOver[0], "-C", restored.toString());
            try (EmbeddedPostgres mirror = postgres(restored)) {
                assertEquals("42", query(mirror, "select sum(amount) from orders"));
            }
            assertEquals(143, sidecar.terminate()); // the sidecar after the mirror
        } finally {
            if (wait != null) {
                wait.destroyForcibly();
            }
            sidecar.close();
        }
    }

    /** The files of a database that was stopped. */
    private Path sourceSnapshot() throws Exception {
        Path primary = Files.createDirectory(temp.resolve("primary"));
        try (EmbeddedPostgres source = postgres(primary)) {
            query(source, "create table orders as select 40 as amount union select 2; select count(*) from orders");
        }
        Path snapshot = temp.resolve("base.tar");
        tar("-cf", snapshot.toString(), "-C", primary.toString(), ".");
        return snapshot;
    }

    private static EmbeddedPostgres postgres(Path files) throws IOException {
        return EmbeddedPostgres.builder().setDataDirectory(files).setCleanDataDirectory(false).start();
    }

    private static String query(EmbeddedPostgres database, String sql) throws Exception {
        try (Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            boolean rows = statement.execute(sql);
            while (!rows) {
                rows = statement.getMoreResults();
            }
            try (ResultSet result = statement.getResultSet()) {
                assertTrue(result.next());
                return result.getString(1);
            }
        }
    }

    private static void tar(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("tar"));
        command.addAll(List.of(arguments));
        assertEquals(0, ended(new ProcessBuilder(command).inheritIO().start()));
    }

    private static Process program(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(SidecarProcess.program(List.of("-Xmx64m")));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    private static int ended(Process process) throws InterruptedException {
        assertTrue(process.waitFor(120, TimeUnit.SECONDS));
        return process.exitValue();
    }

    private static int status(SidecarProcess sidecar, String path) throws IOException {
        return ((HttpURLConnection) sidecar.uri().resolve(path).toURL().openConnection()).getResponseCode();
    }
}
