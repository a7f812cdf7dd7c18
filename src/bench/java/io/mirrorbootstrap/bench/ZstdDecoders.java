package io.mirrorbootstrap.bench;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import com.github.luben.zstd.Zstd;

import io.airlift.compress.zstd.ZstdDecompressor;
import io.airlift.compress.zstd.ZstdInputStream;
import io.mirrorbootstrap.wire.ZstdDecoder;

/** A compressed chunk of 1 MiB, decoded by the service's decoder, and by a library in Java alone. Run by {@code bench/jmh}. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class ZstdDecoders {

    private static final int CHUNK_BYTES = 1024 * 1024;
    private static final int SLICE_BYTES = 128 * 1024;

    /** Rows of text; the same with as much noise between them. */
    @Param({"rows", "mixed"})
    String data;

    private final byte[] whole = new byte[CHUNK_BYTES];
    private final byte[] slice = new byte[SLICE_BYTES];
    private final ZstdDecoder decoder = new ZstdDecoder();
    private final ZstdDecompressor atOnce = new ZstdDecompressor();
    private byte[] frame;
    private ByteBuffer read;

    @Setup(Level.Trial)
    public void prepare() {
        Random random = new Random(1);
        ByteBuffer plain = ByteBuffer.allocate(CHUNK_BYTES);
        byte[] noise = new byte[100];
        for (int row = 0; plain.hasRemaining(); row++) {
            byte[] text = ("%08d\taccount %d\t%d.%02d\t2026-11-%02d\tnothing to be said\n").formatted(row,
                    random.nextInt(100_000), random.nextInt(10_000), random.nextInt(100), 1 + random.nextInt(30))
                    .getBytes(StandardCharsets.US_ASCII);
            plain.put(text, 0, Math.min(text.length, plain.remaining()));
            if (data.equals("mixed")) {
                random.nextBytes(noise);
                plain.put(noise, 0, Math.min(noise.length, plain.remaining()));
            }
        }
        frame = Zstd.compress(plain.array(), 3);
        read = ByteBuffer.allocateDirect(frame.length).put(frame).flip();
        if (atOnce.decompress(frame, 0, frame.length, whole, 0, CHUNK_BYTES) != CHUNK_BYTES
                || !Arrays.equals(whole, plain.array())) {
            throw new IllegalStateException("it is decoded to something else");
        }
    }

    @TearDown(Level.Trial)
    public void cleanUp() {
        decoder.close();
    }

    /** As the service does it: in memory that is bounded whatever comes, and handed on in slices. */
    @Benchmark
    public int service() {
        int[] yielded = new int[1];
        decoder.begin(CHUNK_BYTES);
        decoder.feed(read.duplicate(), part -> yielded[0] += part.remaining());
        decoder.finish(part -> yielded[0] += part.remaining());
        return yielded[0];
    }

    /** In Java alone, in slices. */
    @Benchmark
    public int java() throws IOException {
        int yielded = 0;
        try (InputStream input = new ZstdInputStream(new ByteArrayInputStream(frame))) {
            for (int bytes = input.read(slice); bytes > 0; bytes = input.read(slice)) {
                yielded += bytes;
            }
        }
        return yielded;
    }

    /** In Java alone, at once, to memory for all that it yields. */
    @Benchmark
    public int javaAtOnce() {
        return atOnce.decompress(frame, 0, frame.length, whole, 0, CHUNK_BYTES);
    }
}
