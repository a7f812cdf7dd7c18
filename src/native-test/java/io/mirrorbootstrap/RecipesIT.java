package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The commands of the tutorial and of the recipes, block after block as they are in the docs, with the real databases: each page ends with a
 * check. Only ports are others, and the first link is cut on its way. A page whose programs are not installed is not tried, and that is said.
 */
class RecipesIT {

    private static final long PATIENCE_SECONDS = 240;

    private static final Pattern BLOCK = Pattern.compile("(?ms)^```sh\n(.*?)^```$");
    /** How clients meet the sidecar, and the port that it and the databases are given. */
    private static final Pattern PORT = Pattern
            .compile("\\b(localhost:8080|8080|5432|5433|6379|6380|2379|2380|2381|2382|3306|3307)\\b");

    /** Where Debian has the programs of a PostgreSQL server. */
    private static final String POSTGRES = "/usr/lib/postgresql/15/bin";

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "tutorial.md|8000000|initdb pgbench pg_basebackup psql curl tar unshare|the standby follows",
            "recipes/postgresql-tablespaces.md|8000000|initdb pgbench pg_basebackup psql unshare|the standby follows",
            "recipes/rocksdb.md|100000|ldb|the mirror has 100000 keys",
            "recipes/sqlite.md|1000000|sqlite3|the mirror is equal to the copy",
            "recipes/redis.md|100000|redis-server redis-cli|the replica follows",
            "recipes/etcd.md|10000|etcd etcdctl|the mirror is equal to its source at revision 10",
            "recipes/mariadb.md|8000000|mariadbd mariadb-install-db mariadb-backup mbstream|the replica follows"})
    void whatAPageSaysWorksFromItsStartToItsCheck(String page, long cutAfterBytes, String programs, String said)
            throws Exception {
        String path = bin() + File.pathSeparator + System.getenv("PATH") + File.pathSeparator + POSTGRES;
        for (String program : programs.split(" ")) {
            Programs.assume(Programs.isIn(path, program), program, "docs/" + page + " IS NOT TRIED");
        }
        try (Relay relay = new Relay(1, cutAfterBytes)) {
            play(script(page, relay), path, programs.startsWith("initdb "), said);
            assertEquals(0, relay.cutsLeft(), "the link was not cut");
        }
    }

    private void play(String page, String path, boolean isPostgres, String said) throws Exception {
        Path script = Files.writeString(directory.resolve("page.sh"), page);
        List<String> command = new ArrayList<>(List.of("bash", "-eu", script.toString()));
        if (isPostgres && "root".equals(System.getProperty("user.name"))) {
            command.addAll(0, List.of("unshare", "-U")); // PostgreSQL refuses to be root
        }
        Path output = directory.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(command).directory(work().toFile()).redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("PATH", path);
        Process run = builder.start();
        assertTrue(run.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), () -> read(output));
        assertEquals(0, run.exitValue(), () -> read(output));
        assertTrue(read(output).endsWith(said + "\n"), () -> read(output));
    }

    @Test
    void noPageIsForgotten() throws IOException {
        try (Stream<Path> pages = Files.list(Path.of("docs/recipes"))) {
            assertEquals(List.of("etcd.md", "mariadb.md", "postgresql-tablespaces.md", "redis.md", "rocksdb.md",
                    "sqlite.md"),
                    pages.map(page -> page.getFileName().toString()).sorted().toList());
        }
    }

    /** Some of what a page starts goes on by itself. */
    @AfterEach
    void endAll() throws IOException {
        Path work = work().toRealPath();
        List<ProcessHandle> left = ProcessHandle.allProcesses().filter(each -> isIn(each, work)).toList();
        left.forEach(ProcessHandle::destroyForcibly);
        left.forEach(each -> each.onExit().join());
    }

    private static boolean isIn(ProcessHandle process, Path directory) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", String.valueOf(process.pid()), "cwd")).startsWith(directory);
        } catch (IOException e) {
            return false; // it has ended, or is another user's
        }
    }

    private Path work() throws IOException {
        return Files.createDirectories(directory.resolve("work"));
    }

    /** The commands of a page, whose sidecar is met through {@code relay}. */
    private static String script(String page, Relay relay) throws IOException {
        int sidecar = FreePort.take();
        relay.leadTo(URI.create("http://127.0.0.1:" + sidecar));
        Map<String, String> ports = new HashMap<>(
                Map.of("8080", String.valueOf(sidecar), "localhost:8080", relay.uri().getAuthority()));
        StringBuilder script = new StringBuilder();
        Matcher blocks = BLOCK.matcher(Files.readString(Path.of("docs", page)));
        while (blocks.find()) {
            Matcher port = PORT.matcher(blocks.group(1));
            while (port.find()) {
                if (!ports.containsKey(port.group())) {
                    ports.put(port.group(), String.valueOf(FreePort.take()));
                }
                port.appendReplacement(script, ports.get(port.group()));
            }
            port.appendTail(script);
        }
        return script.toString();
    }

    /** Has the program under the name that the pages call it by. */
    private Path bin() throws IOException {
        Path bin = Files.createDirectories(directory.resolve("bin"));
        StringBuilder line = new StringBuilder("#!/bin/sh\nexec");
        for (String word : SidecarProcess.program(List.of("-Xmx64m"))) {
            boolean isPath = word.startsWith("target/");
            line.append(" '")
                    .append(isPath
                            ? Path.of(word).toAbsolutePath()
                            : word.replace("=target/", "=" + Path.of("target").toAbsolutePath() + "/"))
                    .append('\'');
        }
        Path program = Files.writeString(bin.resolve("mirror-bootstrap"), line.append(" \"$@\"\n"));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return bin;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
