package io.mirrorbootstrap.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files and directories that others exchange, move or remove beside a process that uses them. */
class LocalDiskTest extends OnLocalDisk {

    /** Even root may not read it. */
    private static final Path WRITE_ONLY = Path.of("/proc/sys/vm/compact_memory");

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "directory", "link", "socket"})
    void whatIsExchangedBetweenTheLookAndTheOpeningHangsNobody(String kind) throws Exception {
        Path file = Files.write(files.resolve("file"), CONTENT);
        Path other = data.resolve("other");
        Path away = data.resolve("away");
        AtomicInteger read = new AtomicInteger();
        try (AutoCloseable planted = plant(kind, other)) {
            whileAnother(() -> {
                Files.move(file, away, StandardCopyOption.ATOMIC_MOVE);
                Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
                Files.move(file, other, StandardCopyOption.ATOMIC_MOVE);
                Files.move(away, file, StandardCopyOption.ATOMIC_MOVE);
            }, 20_000, () -> read.addAndGet(isRead() ? 1 : 0));
        }
        assertTrue(read.get() > 0, "it was never there");
        assertTrue(read.get() < 20_000, "it was never away");
    }

    /** Whether there was a file to be read; it had what is in ours, whole. */
    private boolean isRead() {
        try (DiskFile open = disk.open("file", false)) {
            ByteBuffer bytes = ByteBuffer.allocate(CONTENT.length);
            assertEquals(CONTENT.length, open.read(bytes, 0));
            assertArrayEquals(CONTENT, bytes.array());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aRecordThatIsReplacedWhileItIsOpenedIsRead() throws Exception {
        Path file = Files.write(files.resolve("file"), CONTENT);
        whileAnother(
                () -> Files.move(Files.write(files.resolve("next"), CONTENT), file, StandardCopyOption.ATOMIC_MOVE),
                2_000, () -> assertArrayEquals(CONTENT, disk.read("file", 100).orElseThrow()));
    }

    private interface Act {
        void once() throws IOException;
    }

    /** Does {@code ours} so many times, while another thread does {@code theirs} without a pause. */
    private static void whileAnother(Act theirs, int times, Act ours) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        FutureTask<Void> another = new FutureTask<>(() -> {
            while (!over.get()) {
                theirs.once();
            }
            return null;
        });
        new Thread(another).start();
        try {
            for (int i = 0; i < times; i++) {
                ours.once();
            }
        } finally {
            over.set(true);
            another.get();
        }
    }

    @Test
    void aPipeInPlaceOfTheDirectoryHangsNoForce() throws Exception {
        Files.delete(files);
        plant("pipe", files);
        assertThrows(IOException.class, disk::force);
    }

    @Test
    void aDirectoryThatIsGoneIsMadeAgainAndSaidOnce() throws Exception {
        disk.lock();
        Files.move(files, data.resolve("elsewhere"));
        assertTrue(disk.keepDirectory().orElseThrow().contains("was removed or moved away"));
        assertTrue(Files.isDirectory(files));
        assertEquals(Optional.empty(), disk.keepDirectory());
    }

    @Test
    void aDirectoryThatIsGoneBeforeItIsLookedAtIsSaid() throws Exception {
        Path fresh = data.resolve("fresh");
        LocalDisk first = new LocalDisk(fresh, ".fresh");
        first.lock();
        first.make();
        Files.delete(fresh);
        assertTrue(first.keepDirectory().isPresent());
        assertEquals(Optional.empty(), first.keepDirectory());
    }

    @Test
    void aDirectoryThatSomebodyElseHasMadeAgainIsSaidToo() throws Exception {
        disk.lock();
        Files.delete(files);
        disk.make(); // as each transfer does that begins
        assertTrue(disk.keepDirectory().isPresent());
    }

    @Test
    void aLinkInPlaceOfTheDirectoryIsPutAsideAndNotFollowed() throws Exception {
        disk.lock();
        disk.keepDirectory();
        Path theirs = Files.createDirectory(data.resolve("theirs"));
        Files.delete(files);
        Files.createSymbolicLink(files, theirs);
        assertThrows(IOException.class, () -> disk.create("file"));
        assertTrue(disk.keepDirectory().orElseThrow().contains("files.aside-"));
        assertTrue(Files.isDirectory(files, LinkOption.NOFOLLOW_LINKS));
        disk.create("file").close();
        assertEquals(0, Files.list(theirs).count());
        assertEquals(1, Files.list(data).filter(Files::isSymbolicLink).count());
    }

    @Test
    @EnabledIf("isWriteOnlyThere")
    void whatMayNotBeReadIsNotSaidToBeNotWritable() {
        LocalDisk others = new LocalDisk(WRITE_ONLY.getParent(), LOCK);
        IOException refused = assertThrows(IOException.class,
                () -> others.read(WRITE_ONLY.getFileName().toString(), 100));
        assertEquals(Optional.of("it may not read what is there"), Reason.kind(refused));
        assertEquals("permission denied", Reason.of(refused));
        assertEquals(Optional.of("it may not write there"),
                Reason.kind(new AccessDeniedException(WRITE_ONLY.toString())));
    }

    static boolean isWriteOnlyThere() {
        return Files.exists(WRITE_ONLY);
    }

    @Test
    void whatIsNotThereIsNotThere() {
        assertThrows(NoSuchFileException.class, () -> disk.open("nothing", false));
    }
}
