package io.mirrorbootstrap.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What others, who can write to the volume, do beside a process that uses it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // a thread that hangs in the kernel cannot be interrupted
class LocalDiskTest {

    private static final String LOCK = ".lock";
    private static final byte[] CONTENT = "ours".getBytes();

    @TempDir
    Path data;

    private Path files;
    private LocalDisk disk;

    @BeforeEach
    void make() throws IOException {
        files = data.resolve("files");
        disk = new LocalDisk(files, LOCK, Duration.ZERO);
        disk.make();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "directory", "link", "socket"})
    void whatIsExchangedBetweenTheLookAndTheOpeningHangsNobody(String kind) throws Exception {
        Path file = Files.write(files.resolve("file"), CONTENT);
        Path other = data.resolve("other");
        AtomicBoolean over = new AtomicBoolean();
        try (AutoCloseable planted = plant(kind, other)) {
            Thread attacker = new Thread(() -> exchange(file, other, over));
            attacker.start();
            int opened = 0;
            try {
                for (int i = 0; i < 20_000; i++) {
                    opened += isRead() ? 1 : 0;
                }
            } finally {
                over.set(true);
                attacker.join();
            }
            assertTrue(opened > 0, "it was never there");
            assertTrue(opened < 20_000, "it was never away");
        }
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

    private AutoCloseable plant(String kind, Path where) throws Exception {
        switch (kind) {
            case "pipe" -> assertEquals(0, new ProcessBuilder("mkfifo", where.toString()).start().waitFor());
            case "directory" -> Files.createDirectory(where);
            case "link" -> Files.createSymbolicLink(where, Files.writeString(data.resolve("theirs"), "not ours"));
            default -> {
                return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                        .bind(UnixDomainSocketAddress.of(where));
            }
        }
        return () -> {
        };
    }

    private void exchange(Path file, Path other, AtomicBoolean over) {
        Path away = data.resolve("away");
        try {
            while (!over.get()) {
                Files.move(file, away, StandardCopyOption.ATOMIC_MOVE);
                Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
                Files.move(file, other, StandardCopyOption.ATOMIC_MOVE);
                Files.move(away, file, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aRecordThatIsReplacedWhileItIsOpenedIsRead() throws Exception {
        Path file = Files.write(files.resolve("file"), CONTENT);
        AtomicBoolean over = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            try {
                while (!over.get()) {
                    Files.move(Files.write(files.resolve("next"), CONTENT), file, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        writer.start();
        try {
            for (int i = 0; i < 2_000; i++) {
                assertArrayEquals(CONTENT, disk.read("file", 100).orElseThrow());
            }
        } finally {
            over.set(true);
            writer.join();
        }
    }

    @Test
    void aPipeInPlaceOfTheDirectoryHangsNoForce() throws Exception {
        Files.delete(files);
        assertEquals(0, new ProcessBuilder("mkfifo", files.toString()).start().waitFor());
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
    void aLockFileThatIsRemovedIsThereAgain() throws Exception {
        disk.lock();
        assertEquals(Optional.empty(), disk.keepLock());
        Files.delete(data.resolve(LOCK));
        assertTrue(disk.keepLock().orElseThrow().contains("was removed"));
        assertTrue(isLocked());
        assertEquals(Optional.empty(), disk.keepLock());
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "link", "socket"})
    void whatElseIsPutInItsPlaceIsReplaced(String kind) throws Exception {
        disk.lock();
        Files.delete(data.resolve(LOCK));
        try (AutoCloseable planted = plant(kind, data.resolve(LOCK))) {
            assertTrue(disk.keepLock().orElseThrow().contains("was replaced"));
        }
        assertTrue(Files.isRegularFile(data.resolve(LOCK), LinkOption.NOFOLLOW_LINKS));
        assertTrue(isLocked());
    }

    @Test
    void aFileThatNobodyHasLockedIsReplaced() throws Exception {
        disk.lock();
        Files.copy(data.resolve(LOCK), data.resolve("copy"));
        Files.move(data.resolve("copy"), data.resolve(LOCK), StandardCopyOption.REPLACE_EXISTING);
        assertTrue(disk.keepLock().isPresent());
        assertTrue(isLocked());
    }

    @Test
    void aDirectoryInItsPlaceIsSaidUntilItIsGone() throws Exception {
        disk.lock();
        Files.delete(data.resolve(LOCK));
        Files.createDirectories(data.resolve(LOCK).resolve("below"));
        assertTrue(assertThrows(IOException.class, disk::keepLock).getMessage().contains("directory"));
        Files.delete(data.resolve(LOCK).resolve("below"));
        Files.delete(data.resolve(LOCK));
        assertTrue(disk.keepLock().isPresent());
        assertTrue(isLocked());
    }

    @Test
    void whatAnotherProcessHasIsNotChangedAnyMore() throws Exception {
        disk.lock();
        DiskFile open = disk.create("file");
        Files.delete(data.resolve(LOCK));
        try (LockHolder other = new LockHolder(data.resolve(LOCK))) {
            assertTrue(other.isLocked());
            Files.writeString(data.resolve(LOCK),
                    "held as inode " + Files.getAttribute(data.resolve(LOCK), "unix:ino") + "\n");
            assertThrows(DirectoryTakenException.class, disk::keepLock);
        }
        assertTrue(Interrupted.is(
                assertThrows(DirectoryTakenException.class, () -> open.write(ByteBuffer.wrap(CONTENT), 0))));
        assertThrows(DirectoryTakenException.class, () -> disk.create("another"));
        assertThrows(DirectoryTakenException.class, () -> disk.rename("file", "another"));
        assertThrows(DirectoryTakenException.class, () -> disk.remove("file"));
        assertEquals(0, Files.size(files.resolve("file")));
        open.close();
    }

    @Test
    void whatSomebodyLocksWhoIsNoHolderIsReplaced() throws Exception {
        disk.lock();
        Files.delete(data.resolve(LOCK));
        try (LockHolder other = new LockHolder(data.resolve(LOCK))) { // or a newcomer, before it has said that it is one
            assertTrue(other.isLocked());
            assertTrue(disk.keepLock().orElseThrow().contains("was replaced"));
            assertTrue(isLocked());
        }
        disk.create("file").close();
    }

    @Test
    void whatIsLockedIsNotTaken() throws Exception {
        try (LockHolder other = new LockHolder(data.resolve(LOCK))) {
            assertTrue(assertThrows(IOException.class, disk::lock).getMessage().contains("another process"));
            assertTrue(other.isLocked());
        }
        disk.lock();
    }

    @Test
    void aCandidateWhoseFileIsReplacedWhileItWaitsHasNothing() throws Exception {
        LocalDisk patient = new LocalDisk(files, LOCK, Duration.ofSeconds(2));
        Path lock = data.resolve(LOCK);
        Thread holder = new Thread(() -> {
            try {
                while (Files.notExists(lock) || Files.size(lock) == 0) {
                    Thread.onSpinWait();
                }
                Files.move(Files.createFile(data.resolve("theirs")), lock, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        holder.start();
        assertTrue(assertThrows(IOException.class, patient::lock).getMessage().contains("another process"));
        holder.join();
    }

    @Test
    void whoHadTheDirectoryLastNeedNotWait() throws Exception {
        Path fresh = data.resolve("fresh");
        Duration forEver = Duration.ofDays(1);
        new LocalDisk(fresh, ".fresh", forEver).lock(); // nothing there: nobody can have it
        assertTrue(Files.readString(data.resolve(".fresh")).startsWith("held as inode "));
    }

    /** By another process, as the locks of one do not tell it anything. */
    private boolean isLocked() throws Exception {
        try (LockHolder other = new LockHolder(data.resolve(LOCK))) {
            return !other.isLocked();
        }
    }

    @Test
    void whatIsNotThereIsNotThere() {
        assertThrows(NoSuchFileException.class, () -> disk.open("nothing", false));
    }
}
