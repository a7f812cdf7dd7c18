package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Manifest;
import io.mirrorbootstrap.snapshot.Notes;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.source.RawServer;
import io.mirrorbootstrap.wire.JsonRecords;

/** Has a committed snapshot on disk, and hands it to a command; a sidecar that answers as it is told. */
abstract class WithWaitingCommand extends WithCommandLine {

    static final DatabaseId DATABASE = new DatabaseId("d");
    static final Instant COMMITTED_AT = Instant.parse("2026-11-28T10:00:00.123456Z");

    @TempDir
    Path directory;

    /** What the sidecar was asked: the first line of each request, without the version. */
    List<String> requests = List.of();

    private SnapshotDirectory snapshots;
    private CommittedSnapshot snapshot;

    @BeforeEach
    void makeDirectory() throws IOException {
        snapshots = new SnapshotDirectory(directory.resolve("data"), 0, new JsonRecords());
        Files.createDirectories(snapshots.path());
    }

    final Path file() {
        return snapshots.snapshot(DATABASE);
    }

    /** What a command has made. */
    final Path made(String name) {
        return directory.resolve(name);
    }

    final String crc32c() {
        return snapshot.crc32c().toString();
    }

    final void commit(byte[] bytes, String position) throws IOException {
        Files.write(file(), bytes);
        snapshot = new CommittedSnapshot("c", DATABASE, 7, bytes.length, Crc32c.of(ByteBuffer.wrap(bytes)),
                COMMITTED_AT, Optional.empty(), new Notes(Optional.ofNullable(position), Map.of()), Optional.empty());
        Files.write(snapshots.manifest(DATABASE),
                new JsonRecords().manifest(new Manifest(snapshot, Optional.empty())));
    }

    /** An answer that says that the snapshot is there. */
    final String following() {
        return status("following", 7, COMMITTED_AT.toString());
    }

    final String status(String word, long lsn, String committedAt) {
        return "200 OK|{\"source_database_id\":\"d\",\"source_cluster_id\":\"c\",\"status\":\"" + word
                + "\",\"bytes_done\":5,\"bytes_total\":" + snapshot.bytes() + ",\"snapshot_lsn\":" + lsn
                + ",\"crc32c\":\"" + crc32c() + "\",\"snapshot_path\":\"" + file()
                + "\",\"rate_bytes_per_second\":0,\"committed_at\":"
                + (committedAt == null ? null : "\"" + committedAt + "\"") + "}";
    }

    /** Runs {@code script} in {@link #directory}, with a sidecar that has nothing but the snapshot. */
    final int restore(String script, String... options) throws IOException {
        return restore(List.of(following(), following(), following()), script, options);
    }

    /** @param answers of the sidecar: status, and behind a bar the body */
    final int restore(List<String> answers, String script, String... options) throws IOException {
        return await(answers, Stream.concat(Stream.of(options),
                Stream.of("--", "sh", "-c", "cd \"$1\"; " + script, "sh", directory.toString()))
                .toArray(String[]::new));
    }

    final int await(List<String> answers, String... options) throws IOException {
        Deque<String> left = new ArrayDeque<>(answers);
        try (RawServer server = new RawServer(to -> {
            String[] answer = left.remove().split("\\|", 2);
            boolean hasBody = !answer[0].startsWith("204");
            to.write(("HTTP/1.1 " + answer[0] + "\r\nContent-Type: application/json\r\n"
                    + (hasBody ? "Content-Length: " + answer[1].length() + "\r\n" : "") + "\r\n" + answer[1])
                    .getBytes(StandardCharsets.US_ASCII));
        })) {
            int code = run(Stream.concat(Stream.of("wait", "d", "--timeout", "20", "--url", server.url()),
                    Stream.of(options)).toArray(String[]::new));
            requests = server.heads().stream().map(head -> head.substring(0, head.indexOf(" HTTP"))).toList();
            return code;
        }
    }
}
