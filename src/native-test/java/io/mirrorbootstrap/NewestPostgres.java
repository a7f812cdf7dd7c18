package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

/** A primary of the newest PostgreSQL, of which Maven brings the programs of the server alone: no {@code pg_basebackup}. */
final class NewestPostgres implements AutoCloseable {

    private static final File UNPACKED = new File("target/postgres").getAbsoluteFile();

    private final EmbeddedPostgres primary;
    private final Path files;
    private final Path programs;

    private NewestPostgres(EmbeddedPostgres primary, Path files, Path programs) {
        this.primary = primary;
        this.files = files;
        this.programs = programs;
    }

    /** Starts one, with its files in {@code directory}. Its programs are unpacked once for all tests, which takes seconds. */
    static NewestPostgres start(Path directory) throws IOException, SQLException {
        Path files = Files.createDirectory(directory.resolve("primary"));
        EmbeddedPostgres primary = EmbeddedPostgres.builder().setOverrideWorkingDirectory(UNPACKED)
                .setDataDirectory(files).setCleanDataDirectory(false)
                .setServerConfig("max_connections", "100") // as in its files, which a standby goes by
                .start();
        try {
            String programs = ask(primary.getPort(), "select setting from pg_config where name = 'BINDIR'");
            return new NewestPostgres(primary, files, Path.of(programs));
        } catch (SQLException | RuntimeException e) {
            primary.close();
            throw e;
        }
    }

    /** What to run a server by, as a prefix of its command: PostgreSQL starts for any user but root. */
    static List<String> asAnyUserButRoot() {
        return System.getProperty("user.name").equals("root") ? List.of("unshare", "-U") : List.of();
    }

    /** The one value that a server on this machine answers. */
    static String ask(int port, String sql) throws SQLException {
        try (Connection connection = DriverManager
                .getConnection("jdbc:postgresql://localhost:" + port + "/postgres?user=postgres");
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            assertTrue(result.next());
            return result.getString(1);
        }
    }

    int port() {
        return primary.getPort();
    }

    /** Its data directory. */
    Path files() {
        return files;
    }

    /** Where {@code postgres} is. */
    Path programs() {
        return programs;
    }

    Connection connect() throws SQLException {
        return primary.getPostgresDatabase().getConnection();
    }

    void run(String sql) throws SQLException {
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws IOException {
        primary.close();
    }
}
