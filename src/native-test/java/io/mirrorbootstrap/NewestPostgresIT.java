package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A low-level base backup of a PostgreSQL that works, with a tablespace, as docs/directories.md says: by the packaged
 * {@code send --tar}, whose link is cut, and {@code wait --extract}. A standby starts from it and follows.
 */
@Timeout(180)
class NewestPostgresIT extends WithSidecar {

    private static final String SUM = "select count(*) || ' ' || sum(hashtext(item)::bigint) "
            + "from (table orders union all table archive) rows";

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    @Test
    void aStandbyStartsFromADirectoryThatHasATablespaceInItAndFollows() throws Exception {
        Path tablespace = Files.createDirectory(directory.resolve("tablespace"));
        Path standby = directory.resolve("standby");
        start();
        try (NewestPostgres primary = NewestPostgres.start(directory); Relay relay = new Relay(1, 8L * MIB)) {
            relay.leadTo(sidecar.uri());
            primary.run("create tablespace cold location '" + tablespace + "'");
            primary.run("create table orders as select repeat('x', i % 1000) as item from generate_series(1, 10000) i; "
                    + "create table archive tablespace cold as table orders; "
                    + "select pg_create_physical_replication_slot('mirror', true)");
            Path backup;
            try (Writer writer = new Writer(primary)) {
                writer.awaitRows(10);
                backup = baseBackup(primary, tablespace);
                writer.awaitRows(10);
            }
            assertEquals(0, ended(command("send", "--tar", backup.toString(), "--cluster", "primary", "--database",
                    "orders", "--url", relay.uri().toString())), this::said);
            assertEquals(0, relay.cutsLeft());
            assertTrue(said().contains("resumes=1 "), this::said);
            assertEquals(0, ended(command("wait", "orders", "--extract", standby.toString(), "--url",
                    sidecar.uri().toString())), this::said);

            int port = FreePort.take();
            Process server = standby(primary, standby, port);
            patiently().ignoreExceptionsInstanceOf(SQLException.class).until(() -> {
                assertTrue(server.isAlive(), this::said);
                return NewestPostgres.ask(port, SUM).equals(NewestPostgres.ask(primary.port(), SUM));
            });
            assertEquals("t", NewestPostgres.ask(port, "select pg_is_in_recovery()"));
            assertEquals("../tablespaces/cold", NewestPostgres.ask(port,
                    "select pg_tablespace_location(oid) from pg_tablespace where spcname = 'cold'"));
        }
    }

    /** What docs/directories.md says. */
    private Path baseBackup(NewestPostgres primary, Path tablespace) throws Exception {
        Path backup = Files.createDirectory(directory.resolve("backup"));
        try (Connection connection = primary.connect(); Statement statement = connection.createStatement()) {
            statement.execute("select pg_backup_start('mirror', true)");
            copy(primary.files(), backup, "./postmaster.*", "./pg_wal/*", "./pg_replslot/*", "./pg_tblspc/*");
            Path copy = Files.createDirectories(backup.resolve("tablespaces/cold"));
            copy(tablespace, copy);
            String oid = NewestPostgres.ask(primary.port(), "select oid from pg_tablespace where spcname = 'cold'");
            Files.createSymbolicLink(backup.resolve("pg_tblspc").resolve(oid), copy);
            try (ResultSet stopped = statement.executeQuery("select labelfile from pg_backup_stop()")) {
                assertTrue(stopped.next());
                Files.writeString(backup.resolve("backup_label"), stopped.getString(1));
            }
        }
        copy(primary.files().resolve("pg_wal"), backup.resolve("pg_wal"));
        return backup;
    }

    /** By tar, whose status 1 is that something has changed meanwhile. */
    private void copy(Path from, Path to, String... without) throws Exception {
        StringBuilder script = new StringBuilder("tar -C \"$1\" -cf -");
        for (String each : without) {
            script.append(" --exclude='").append(each).append('\'');
        }
        script.append(" . | tar -C \"$2\" -xf -; [ ${PIPESTATUS[0]} -le 1 ]");
        assertEquals(0, ended(run(new ProcessBuilder("bash", "-ec", script.toString(), "copy", from.toString(),
                to.toString()))), this::said);
    }

    private Process standby(NewestPostgres primary, Path files, int port) throws IOException {
        Files.createFile(files.resolve("standby.signal"));
        Files.writeString(files.resolve("postgresql.auto.conf"), "primary_conninfo = 'host=localhost port="
                + primary.port() + " user=postgres'\nprimary_slot_name = 'mirror'\n", StandardOpenOption.APPEND);
        List<String> command = new ArrayList<>(NewestPostgres.asAnyUserButRoot());
        command.addAll(List.of(primary.programs().resolve("postgres").toString(), "-D", files.toString(), "-p",
                String.valueOf(port), "-k", directory.toString()));
        return run(new ProcessBuilder(command));
    }

    private Process command(String... arguments) throws IOException {
        return run(SidecarProcess.command(arguments));
    }

    private Process run(ProcessBuilder command) throws IOException {
        Process process = command.redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
        started.add(process);
        return process;
    }

    private int ended(Process process) throws InterruptedException {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), this::said);
        return process.exitValue();
    }

    private String said() {
        try {
            return Files.readString(directory.resolve("out"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Writes row after row to both tables, until it is closed. */
    private static final class Writer implements AutoCloseable {

        private final AtomicBoolean isOver = new AtomicBoolean();
        private final AtomicLong rows = new AtomicLong();
        private final CompletableFuture<Void> writing;

        Writer(NewestPostgres primary) {
            writing = CompletableFuture.runAsync(() -> write(primary));
        }

        private void write(NewestPostgres primary) {
            try (Connection connection = primary.connect(); Statement statement = connection.createStatement()) {
                while (!isOver.get()) {
                    statement.execute("insert into orders values ('later'); insert into archive values ('later')");
                    rows.incrementAndGet();
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        /** Returns when so many more have been written. */
        void awaitRows(int more) {
            long goal = rows.get() + more;
            patiently().until(() -> writing.isDone() || rows.get() >= goal);
        }

        @Override
        public void close() {
            isOver.set(true);
            writing.join(); // throws what it has failed with
        }
    }
}
