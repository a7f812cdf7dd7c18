package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.SimulatedDisk;

/** Somebody puts a copy in the place of a kept payload, and forces nothing of it. */
class CopiedPartialTest extends ReceiverOnSimulatedDisk {

    private static final int KEPT = 600;

    @BeforeEach
    void copy() throws IOException {
        receiver.open(one, identity);
        send(one, 0, KEPT);
        receiver.disconnected(one, KeptReason.LINK_LOST);
        try (DiskFile copy = disk.create("copy")) {
            copy.write(ByteBuffer.wrap(whole, 0, KEPT), 0);
        }
        disk.rename("copy", "db.partial");
    }

    @Test
    void whatGoesOnIsAsDurableAsItIsTold() {
        TestSource.assertOpened(KEPT, TestSource.open(receiver, other, identity));
        assertEquals(KEPT, receiver.progress().orElseThrow().durableBytes());
        for (int seed = 0; seed < 100; seed++) {
            for (SimulatedDisk.Order order : SimulatedDisk.Order.values()) {
                byte[] left = disk.afterPowerCut(order, new Random(seed)).bytes("db.partial").orElseThrow();
                assertArrayEquals(Arrays.copyOf(whole, KEPT), Arrays.copyOf(left, KEPT), order + " " + seed);
            }
        }
    }

    /** The next force would succeed, whatever was lost. */
    @Test
    void whatCouldNotBeForcedIsNotBelievedAtTheNextTry() {
        disk.observe((what, name) -> {
            if (what.equals("forceFile") && name.equals("db.partial")) {
                disk.stopObserving();
                throw new IOException("Input/output error");
            }
        });
        TestSource.assertOpened(0, TestSource.open(receiver, other, identity));
    }
}
