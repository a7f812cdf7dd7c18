package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;

/**
 * The life of the pod of k8s/examples/postgres-mirror, on one machine and without a cluster: the sidecar starts and is probed,
 * {@code wait} blocks the mirror, a source sends a base backup of a PostgreSQL that goes on working, {@code wait} ends, the
 * mirror's own script restores it and follows the primary; a further replica does so with nobody sending to it; then the end,
 * in Kubernetes' order, and another start. Skipped where there is no {@code pg_receivewal}, which the script runs.
 */
class PodLifeIT {

    /** Where the volume is mounted in the pod. */
    private static final String MOUNTED = "/data/";

    @TempDir
    Path temp;

    private final List<Process> started = new ArrayList<>();

    @Test
    void aStandbyStartsFromWhatItsSidecarReceivedAndFollows() throws Exception {
        Programs.assume(Programs.isInstalled("pg_receivewal"), "pg_receivewal", "THE LIFE OF A POD IS NOT PLAYED");
        Path volume = Files.createDirectory(temp.resolve("volume"));
        Container mirror = new YAMLMapper()
                .readValue(new File("k8s/examples/postgres-mirror/postgres.yaml"), StatefulSet.class).getSpec()
                .getTemplate().getSpec().getContainers().get(0);
        try (SidecarProcess sidecar = SidecarProcess.start(volume, List.of("-Xmx64m"),
                Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders"));
                NewestPostgres primary = NewestPostgres.start(temp)) {
            assertEquals(200, status(sidecar, "/q/health/started"));
            assertEquals(200, status(sidecar, "/q/health/ready"));
            assertEquals(503, status(sidecar, "/q/health/group/mirror"));
            Process wait = program("wait", "--database", "orders", "--verify", "--url", sidecar.uri().toString());
            assertEquals('w', wait.getErrorStream().read()); // "waiting for orders: ..."

            Path lsn = baseBackup(primary, KubernetesExamplesIT.environment(mirror, 0).get("SLOT"));
            assertEquals(0, ended(program("send", temp.resolve("base.tar").toString(), "@" + lsn, "--cluster",
                    "primary", "--database", "orders", "--url", sidecar.uri().toString())));

            assertEquals(0, ended(wait));
            String[] handedOver = new String(wait.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\t");
            assertEquals(volume.resolve("recv_snapshots/orders.snapshot"), Path.of(handedOver[0]));
            assertEquals(200, status(sidecar, "/q/health/group/mirror"));

            int port = FreePort.take();
            Process standby = start(mirror, 0, volume, primary, port);
            awaitSum(standby, port, "42");
            assertEquals("t", NewestPostgres.ask(port, "select pg_is_in_recovery()"));
            primary.run("insert into orders values (58)");
            awaitSum(standby, port, "100");

            aFurtherStandbyFollows(mirror, sidecar.uri(), primary);
            awaitSum(standby, port, "142");

            standby.destroy(); // the mirror first
            assertEquals(0, ended(standby));
            assertEquals(143, sidecar.terminate()); // the sidecar after it

            // the pod starts again, its snapshot has been removed: what was restored does not wait, and goes on
            Files.delete(Path.of(handedOver[0]));
            assertEquals(0, ended(program("wait", "--database", "orders", "--verify", "--unless",
                    volume.resolve("postgres/PG_VERSION").toString())));
            Process again = start(mirror, 0, volume, primary, port);
            awaitSum(again, port, "142");
            again.destroy();
            assertEquals(0, ended(again));
        } finally {
            started.forEach(Process::destroyForcibly);
        }
    }

    /** A replica with components/seed that nobody sends to, and whose slot nobody has made: it asks {@code sibling}. */
    private void aFurtherStandbyFollows(Container mirror, URI sibling, NewestPostgres primary)
            throws Exception {
        Path volume = Files.createDirectories(temp.resolve("further/volume"));
        try (SidecarProcess sidecar = SidecarProcess.start(volume, List.of("-Xmx64m"),
                Map.of("MIRROR_BOOTSTRAP_EXPECTED_DATABASES", "orders", "MIRROR_BOOTSTRAP_SEED_FROM",
                        sibling.toString()))) {
            assertEquals(0,
                    ended(program("wait", "--database", "orders", "--verify", "--url", sidecar.uri().toString())));
            int port = FreePort.take();
            Process standby = start(mirror, 1, volume, primary, port);
            awaitSum(standby, port, "100");
            primary.run("insert into orders values (42)");
            awaitSum(standby, port, "142");
            assertEquals("t",
                    NewestPostgres.ask(primary.port(), "select active from pg_replication_slots where slot_name = '"
                            + KubernetesExamplesIT.environment(mirror, 1).get("SLOT") + "'"));
            standby.destroy();
            assertEquals(0, ended(standby));
        }
    }

    /**
     * What pg_basebackup does, which not every machine has: the files, while the database works, then its log. Of the
     * newest PostgreSQL there are the programs of the server alone.
     *
     * @return a file with the argument of {@code send} for its LSN
     */
    private Path baseBackup(NewestPostgres primary, String slot) throws Exception {
        primary.run("create role replicator replication login; "
                + "create table orders as select 40 as amount union select 2; "
                + "select pg_create_physical_replication_slot('" + slot + "', true)");
        String files = primary.files().toString();
        String snapshot = temp.resolve("base.tar").toString();
        Path label = Files.createDirectory(temp.resolve("label")).resolve("backup_label");
        try (Connection connection = primary.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_backup_start('snapshot', true)");
            run("tar", "-cf", snapshot, "--exclude=./postmaster.pid", "--exclude=./pg_wal/*",
                    "--exclude=./pg_replslot/*", "-C", files, ".");
            try (ResultSet stopped = statement.executeQuery("select labelfile from pg_backup_stop()")) {
                assertTrue(stopped.next());
                Files.writeString(label, stopped.getString(1));
            }
        }
        run("tar", "-rf", snapshot, "-C", label.getParent().toString(), "backup_label", "-C", files, "pg_wal");
        Matcher start = Pattern.compile("^START WAL LOCATION: (\\S+)", Pattern.MULTILINE)
                .matcher(Files.readString(label));
        assertTrue(start.find());
        return Files.writeString(temp.resolve("lsn"), "--lsn=" + start.group(1) + "\n");
    }

    /** The container of the example in the pod {@code number}, as a process: its command, its arguments, its environment, another volume. */
    private Process start(Container container, int number, Path volume, NewestPostgres primary, int port)
            throws IOException {
        List<String> command = new ArrayList<>(NewestPostgres.asAnyUserButRoot());
        command.addAll(container.getCommand());
        container.getArgs().forEach(script -> command.add(script.replace(MOUNTED, volume + "/")));
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        KubernetesExamplesIT.environment(container, number).forEach((name, value) -> builder.environment().put(name,
                value.replace(MOUNTED, volume + "/")));
        builder.environment().put("DATABASE", "orders");
        builder.environment().put("PRIMARY", "localhost");
        builder.environment().put("PRIMARY_PORT", String.valueOf(primary.port()));
        builder.environment().put("PGPORT", String.valueOf(port));
        builder.environment().merge("PATH", primary.programs().toString(),
                (path, first) -> first + File.pathSeparator + path);
        Process process = builder.start();
        started.add(process);
        return process;
    }

    private static void awaitSum(Process standby, int port, String sum) {
        Awaitility.await().atMost(60, TimeUnit.SECONDS).ignoreExceptionsInstanceOf(SQLException.class).until(() -> {
            assertTrue(standby.isAlive(), "it ended, see its log above");
            return sum.equals(NewestPostgres.ask(port, "select sum(amount) from orders"));
        });
    }

    private static void run(String... command) throws Exception {
        assertEquals(0, ended(new ProcessBuilder(command).inheritIO().start()));
    }

    private Process program(String... arguments) throws IOException {
        Process process = SidecarProcess.command(arguments).start();
        started.add(process);
        return process;
    }

    private static int ended(Process process) throws Exception {
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(120, TimeUnit.SECONDS), err);
        return process.exitValue();
    }

    private static int status(SidecarProcess sidecar, String path) throws IOException {
        return ((HttpURLConnection) sidecar.uri().resolve(path).toURL().openConnection()).getResponseCode();
    }
}
