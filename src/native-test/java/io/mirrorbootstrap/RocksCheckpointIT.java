package io.mirrorbootstrap;

import static io.mirrorbootstrap.TestSnapshot.MIB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rocksdb.Checkpoint;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteOptions;

/**
 * A checkpoint of a RocksDB that an application goes on writing to, by the packaged {@code send --tar} and
 * {@code wait --extract}, past a sidecar that is killed: as docs/recipes/rocksdb.md says.
 */
@Timeout(180)
class RocksCheckpointIT extends WithSidecar {

    private static final int FIRST_KEYS = 24_000;
    private static final int VALUE_BYTES = 1000;

    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void end() {
        started.forEach(Process::destroyForcibly);
    }

    @Test
    void aCheckpointOfADatabaseThatIsWrittenToIsADatabaseAtTheMirror() throws Exception {
        Path checkpoint = directory.resolve("checkpoint");
        try (Options options = new Options().setCreateIfMissing(true).setWriteBufferSize(4L * MIB);
                RocksDB source = RocksDB.open(options, directory.resolve("source").toString());
                Application application = new Application(source)) {
            long before = application.awaitKeys(FIRST_KEYS);
            checkpoint(source, checkpoint);
            long lsn = latestSequenceNumber(checkpoint);
            assertTrue(before <= lsn && lsn <= source.getLatestSequenceNumber(), () -> before + " " + lsn);

            Map<String, String> port = Map.of("QUARKUS_HTTP_PORT", String.valueOf(FreePort.take()));
            start(port, Map.of("MIRROR_BOOTSTRAP_INGEST_RATE_BYTES_PER_SECOND", "20M"));
            Process send = command("send", "--tar", checkpoint.toString(), "--cluster", "app", "--lsn",
                    String.valueOf(lsn), "--database", "orders", "--url", sidecar.uri().toString());
            patiently().until(() -> !send.isAlive() || sidecar.bytesDone("orders") >= 8 * MIB);
            source.compactRange(); // it lets go of the files that the checkpoint has
            sidecar.kill();
            start(port);
            assertEquals(0, ended(send), this::said);
            assertTrue(said().contains("resumes=1 "), this::said);

            Path mirror = directory.resolve("mirror");
            assertEquals(0, ended(command("wait", "orders", "--extract", mirror.toString(), "--url",
                    sidecar.uri().toString())), this::said);
            assertTrue(Files.readString(directory.resolve("out")).contains("\t" + lsn + "\t"), this::said);
            application.awaitKeys(lsn + 1);
            assertHasKeys(lsn, checkpoint, mirror);
        }
    }

    private static void checkpoint(RocksDB source, Path directory) throws RocksDBException {
        try (Checkpoint checkpoint = Checkpoint.create(source)) {
            checkpoint.createCheckpoint(directory.toString());
        }
    }

    private static long latestSequenceNumber(Path checkpoint) throws RocksDBException {
        try (RocksDB copy = RocksDB.openReadOnly(checkpoint.toString())) {
            return copy.getLatestSequenceNumber();
        }
    }

    /** Each key was written once, so that the sequence number tells how many there are. */
    private static void assertHasKeys(long count, Path checkpoint, Path mirror) throws RocksDBException {
        try (RocksDB sent = RocksDB.openReadOnly(checkpoint.toString());
                RocksDB received = RocksDB.open(mirror.toString());
                RocksIterator expected = sent.newIterator();
                RocksIterator actual = received.newIterator()) {
            received.verifyChecksum();
            expected.seekToFirst();
            actual.seekToFirst();
            for (long number = 0; number < count; number++) {
                assertTrue(expected.isValid() && actual.isValid(), "there are only " + number + " of " + count);
                assertArrayEquals(expected.key(), actual.key());
                assertArrayEquals(expected.value(), actual.value());
                assertArrayEquals(key(number), actual.key());
                assertArrayEquals(value(number), actual.value());
                expected.next();
                actual.next();
            }
            assertFalse(expected.isValid() || actual.isValid(), "there are more than " + count);
            received.put(key(count), value(count)); // it goes on from there
            assertEquals(count + 1, received.getLatestSequenceNumber());
        }
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }

    private static byte[] value(long number) {
        byte[] value = new byte[VALUE_BYTES];
        new Random(number).nextBytes(value);
        return value;
    }

    private Process command(String... arguments) throws IOException {
        Process process = SidecarProcess.command(arguments).redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile()).start();
        started.add(process);
        return process;
    }

    private int ended(Process process) throws InterruptedException {
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), this::said);
        return process.exitValue();
    }

    private String said() {
        try {
            return Files.readString(directory.resolve("err"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Writes key after key, from 0 on, until it is closed. */
    private static final class Application implements AutoCloseable {

        private final RocksDB database;
        private final Thread thread = new Thread(this::write, "application");
        private volatile long written;
        private volatile RocksDBException failure;
        private volatile boolean isOver;

        Application(RocksDB database) {
            this.database = database;
            thread.start();
        }

        private void write() {
            try (WriteOptions quickly = new WriteOptions(); WriteOptions safely = new WriteOptions().setSync(true)) {
                for (long number = 0; !isOver; number++) {
                    // the disk holds it up later: else it would be most of what the machine does
                    database.put(number < FIRST_KEYS ? quickly : safely, key(number), value(number));
                    written = number + 1;
                }
            } catch (RocksDBException e) {
                failure = e;
            }
        }

        /** Returns how many there are, when there are so many. */
        long awaitKeys(long count) {
            return patiently().until(() -> {
                assertTrue(thread.isAlive(), () -> "it ended: " + failure);
                return written;
            }, keys -> keys >= count);
        }

        @Override
        public void close() {
            isOver = true;
            patiently().until(() -> !thread.isAlive());
        }
    }
}
