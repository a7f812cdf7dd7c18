package io.mirrorbootstrap.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import io.mirrorbootstrap.bench.LoneSource;
import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.ChunkOutcome;
import io.mirrorbootstrap.snapshot.ChunkStart;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.IncomingChunk;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.ChunkDecoder;
import io.mirrorbootstrap.wire.ChunkEncoder;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.JsonRecords;
import io.mirrorbootstrap.wire.Masking;

/** What the worker does for each 64 KiB piece, and for each chunk. Run by {@code bench/jmh}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class HotPath {

    private static final int PIECE_BYTES = 64 * 1024;
    private static final int CHUNK_BYTES = 1024 * 1024;
    private static final DatabaseId DATABASE = new DatabaseId("db");
    private static final SnapshotIdentity STREAM = new SnapshotIdentity("cluster", DATABASE, 42, 0, Crc32c.EMPTY);

    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES);
    private final CRC32C crc = new CRC32C();
    private byte[] head;
    private Path data;
    private SnapshotReceiver receiver;

    private final Source source = new LoneSource();

    @Setup(Level.Trial)
    public void prepare() throws IOException {
        head = ChunkEncoder.head(STREAM, 0, CHUNK_BYTES, Crc32c.EMPTY, false);
        Path base = Files.isDirectory(Path.of("/dev/shm")) ? Path.of("/dev/shm") : Path.of("target");
        data = Files.createTempDirectory(base, "bench");
        SnapshotDirectory directory = new SnapshotDirectory(data, 0, new JsonRecords());
        directory.prepare();
        receiver = new SnapshotReceiver(DATABASE, directory,
                new ReceiverRules(List.of(), new BootstrapLimit(1), Long.MAX_VALUE, Runnable::run), event -> {
                }, Optional.empty());
    }

    @TearDown(Level.Trial)
    public void cleanUp() throws IOException {
        receiver.abort(Principal.ANYBODY);
        try (var files = Files.walk(data)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** 64 KiB. */
    @Benchmark
    public ByteBuffer unmask() {
        Masking.mask(piece, 0x9D3A71C5);
        return piece;
    }

    /** 64 KiB. */
    @Benchmark
    public long crc() {
        crc.update(piece.duplicate());
        return crc.getValue();
    }

    /** The envelope of one chunk. */
    @Benchmark
    public Optional<ChunkDecoder.Head> decode() {
        ChunkDecoder decoder = new ChunkDecoder(CHUNK_BYTES, false);
        decoder.feed(ByteBuffer.wrap(head), slice -> {
        });
        return decoder.head();
    }

    /** The answer to one chunk. */
    @Benchmark
    public String answer() {
        return JsonMessages.write(new Answer.Pending(DATABASE, 123_456_789L, 67_108_864L));
    }

    /** A chunk of 1 MiB in pieces of 64 KiB, from memory to the file: rules, CRC-32C and writes. */
    @Benchmark
    public ChunkOutcome chunk() {
        IncomingChunk chunk = ((ChunkStart.Arriving) receiver.chunk(source, STREAM, 0)).chunk();
        for (int i = 0; i < CHUNK_BYTES / PIECE_BYTES; i++) {
            chunk.write(piece.duplicate());
        }
        return chunk.finish(false, Optional.empty());
    }
}
