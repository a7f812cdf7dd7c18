package io.mirrorbootstrap.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.mirrorbootstrap.snapshot.BootstrapLimit;
import io.mirrorbootstrap.snapshot.Checkpoint;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Inventory;
import io.mirrorbootstrap.snapshot.OpenOutcome;
import io.mirrorbootstrap.snapshot.ReceiverRules;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.SnapshotReceiver;
import io.mirrorbootstrap.snapshot.Source;
import io.mirrorbootstrap.snapshot.TransferEvent;
import io.mirrorbootstrap.wire.JsonRecords;

/** Reads a kept partial file back, as {@code open} does after a restart, in turn with {@code cat}. */
public final class Resume {

    private static final int MIB = 1024 * 1024;
    private static final int ROUNDS = 9;
    private static final ExecutorService HELPERS = Executors.newCachedThreadPool();

    private Resume() {
    }

    /** @param arguments directory, MiB, and cold if the file is not to be in memory */
    public static void main(String[] arguments) throws Exception {
        Path data = Path.of(arguments[0]);
        int mib = Integer.parseInt(arguments[1]);
        SnapshotDirectory directory = new SnapshotDirectory(data, 0, new JsonRecords());
        directory.prepare();
        DatabaseId database = new DatabaseId("db");
        Path partial = directory.partial(database);
        Crc32c crc = write(partial, mib);
        SnapshotIdentity identity = new SnapshotIdentity("bench", database, 1, (long) mib * MIB, crc);
        Checkpoint left = new Checkpoint(identity, (long) mib * MIB, crc);
        double[] cat = new double[ROUNDS];
        double[] open = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            dropCaches(arguments);
            cat[round] = mib / seconds(() -> new ProcessBuilder("sh", "-c", "cat " + partial + " > /dev/null").start()
                    .waitFor());
            SnapshotReceiver receiver = new SnapshotReceiver(database, directory,
                    new ReceiverRules(List.of(), new BootstrapLimit(1), Long.MAX_VALUE, HELPERS), event -> {
                    }, Optional.of(Inventory.Resumable.of(left)));
            Source source = new LoneSource();
            dropCaches(arguments);
            open[round] = mib / seconds(() -> {
                OpenOutcome outcome = receiver.open(source, identity);
                while (outcome instanceof OpenOutcome.Verifying) {
                    outcome = receiver.open(source, identity);
                }
                if (!(outcome instanceof OpenOutcome.Opened opened) || opened.offset() != (long) mib * MIB) {
                    throw new IOException("not opened: " + outcome);
                }
            });
            receiver.disconnected(source, TransferEvent.KeptReason.LINK_LOST);
        }
        Arrays.sort(cat);
        Arrays.sort(open);
        HELPERS.shutdown();
        System.out.printf(Locale.ROOT, "read back %.0f MiB/s, cat %.0f MiB/s: %.2f of it (median of %d, %d MiB)%n",
                open[ROUNDS / 2], cat[ROUNDS / 2], open[ROUNDS / 2] / cat[ROUNDS / 2], ROUNDS, mib);
    }

    /** As after a restart of the machine; of the pod alone, the file may well be in memory still. */
    private static void dropCaches(String[] arguments) throws IOException {
        if (arguments.length > 2 && arguments[2].equals("cold")) {
            Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3");
        }
    }

    private interface Action {
        void run() throws Exception;
    }

    private static double seconds(Action action) throws Exception {
        long start = System.nanoTime();
        action.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static Crc32c write(Path file, int mib) throws IOException {
        Crc32c crc = Crc32c.EMPTY;
        Random random = new Random(1);
        byte[] block = new byte[MIB];
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            for (int i = 0; i < mib; i++) {
                random.nextBytes(block);
                out.write(ByteBuffer.wrap(block));
                crc = crc.followedBy(Crc32c.of(ByteBuffer.wrap(block)), MIB);
            }
        }
        return crc;
    }
}
