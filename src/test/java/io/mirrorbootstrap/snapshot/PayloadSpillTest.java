package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import io.mirrorbootstrap.RandomBytes;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.DiskFile;
import io.mirrorbootstrap.store.SimulatedDisk;
import io.mirrorbootstrap.wire.JsonRecords;

/** A payload that is put aside, on a disk that fails. */
@Timeout(60)
class PayloadSpillTest {

    private final SimulatedDisk disk = new SimulatedDisk();

    @Test
    void nothingOfAPayloadBeforeIsHandedOn() throws Exception {
        try (PayloadSpill spill = new SnapshotDirectory(disk, 0, new JsonRecords()).spill()) {
            spill.write(ByteBuffer.wrap(new byte[200_000]));
            disk.observe((what, name) -> {
                if (what.equals("truncate")) {
                    throw new IOException("Input/output error");
                }
            });
            spill.clear();
            byte[] next = RandomBytes.random(70_000, 1); // its last slice has less than the one before
            spill.write(ByteBuffer.wrap(next));
            ByteArrayOutputStream come = new ByteArrayOutputStream();
            spill.drainTo(slice -> come.write(slice.array(), slice.position(), slice.remaining()));
            assertArrayEquals(next, come.toByteArray());
        }
    }

    @Test
    void aFileThatEndsBeforeIsAFaultOfTheDisk() throws Exception {
        Disk forgetful = (Disk) Proxy.newProxyInstance(Disk.class.getClassLoader(), new Class<?>[]{Disk.class},
                (self, method, arguments) -> method.getName().equals("createUnnamed")
                        ? cutShort(disk.createUnnamed((String) arguments[0]))
                        : method.invoke(disk, arguments));
        try (PayloadSpill spill = new SnapshotDirectory(forgetful, 0, new JsonRecords()).spill()) {
            spill.write(ByteBuffer.allocate(10));
            RefusedException refused = assertThrows(RefusedException.class, () -> spill.drainTo(any -> {
            }));
            assertInstanceOf(Refusal.Transport.class, refused.refusal());
        }
    }

    private static DiskFile cutShort(DiskFile file) {
        return (DiskFile) Proxy.newProxyInstance(DiskFile.class.getClassLoader(), new Class<?>[]{DiskFile.class},
                (self, method, arguments) -> {
                    if (method.getName().equals("read")) {
                        file.truncate(0);
                    }
                    return method.invoke(file, arguments);
                });
    }
}
