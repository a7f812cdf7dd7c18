package io.mirrorbootstrap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.FutureTask;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lock of a directory, which others remove, replace, or have. */
class LocalDiskLockTest extends OnLocalDisk {

    @Test
    void aLockFileThatIsRemovedIsThereAgain() throws Exception {
        disk.lock();
        assertEquals(Optional.empty(), disk.keepLock());
        Files.delete(lock);
        assertTrue(disk.keepLock().orElseThrow().contains("was removed"));
        assertTrue(isLocked());
        assertEquals(Optional.empty(), disk.keepLock());
    }

    /** The kernel drops a process's locks on a file when the process closes it, by whatever name it has opened it. */
    @Test
    void aSecondNameOfTheLockFileIsNoFileOfTheDirectory() throws Exception {
        disk.lock();
        Files.createLink(files.resolve("second"), lock);
        assertEquals(Optional.empty(), disk.read("second", 100));
        assertEquals(Optional.empty(), disk.facts("second"));
        assertThrows(NoSuchFileException.class, () -> disk.open("second", false).close());
        assertThrows(NoSuchFileException.class, () -> disk.open("second", true).close());
        assertTrue(isLocked());
    }

    /** It could be put in the place of a file in the very moment that this is opened. */
    @Test
    void aLockFileWithASecondNameIsReplaced() throws Exception {
        disk.lock();
        Files.createLink(files.resolve("second"), lock);
        assertTrue(disk.keepLock().orElseThrow().contains("second name"));
        assertTrue(isLocked());
        assertTrue(disk.read("second", 100).isPresent(), "it is any file now");
        assertTrue(isLocked());
        assertEquals(Optional.empty(), disk.keepLock());
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "link", "socket"})
    void whatElseIsPutInItsPlaceIsReplaced(String kind) throws Exception {
        disk.lock();
        Files.delete(lock);
        try (AutoCloseable planted = plant(kind, lock)) {
            assertTrue(disk.keepLock().orElseThrow().contains("was replaced"));
        }
        assertTrue(Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS));
        assertTrue(isLocked());
    }

    @Test
    void aFileThatNobodyHasLockedIsReplaced() throws Exception {
        disk.lock();
        Files.copy(lock, data.resolve("copy"));
        Files.move(data.resolve("copy"), lock, StandardCopyOption.REPLACE_EXISTING);
        assertTrue(disk.keepLock().isPresent());
        assertTrue(isLocked());
    }

    @Test
    void aDirectoryInItsPlaceIsSaidUntilItIsGone() throws Exception {
        disk.lock();
        Files.delete(lock);
        Files.createDirectories(lock.resolve("below"));
        assertTrue(assertThrows(IOException.class, disk::keepLock).getMessage().contains("directory"));
        Files.delete(lock.resolve("below"));
        Files.delete(lock);
        assertTrue(disk.keepLock().isPresent());
        assertTrue(isLocked());
    }

    @Test
    void whatAnotherProcessHasIsNotChangedAnyMore() throws Exception {
        disk.lock();
        DiskFile open = disk.create("file");
        Files.delete(lock);
        try (LockHolder other = new LockHolder(lock)) {
            assertTrue(other.isLocked());
            Files.writeString(lock,
                    "held as inode " + Files.getAttribute(lock, "unix:ino") + "\n");
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
        Files.delete(lock);
        try (LockHolder other = new LockHolder(lock)) { // or a newcomer, before it has said that it is one
            assertTrue(other.isLocked());
            assertTrue(disk.keepLock().orElseThrow().contains("was replaced"));
            assertTrue(isLocked());
        }
        disk.create("file").close();
    }

    @Test
    void whatIsLockedIsNotTaken() throws Exception {
        try (LockHolder other = new LockHolder(lock)) {
            assertTrue(assertThrows(IOException.class, disk::lock).getMessage().contains("another process"));
            assertTrue(other.isLocked());
        }
        disk.lock();
    }

    @Test
    void aCandidateWhoseFileIsReplacedWhileItWaitsHasNothing() throws Exception {
        LocalDisk patient = new LocalDisk(files, LOCK, Duration.ofSeconds(2));
        FutureTask<Path> another = new FutureTask<>(() -> {
            while (Files.notExists(lock) || Files.size(lock) == 0) {
                Thread.onSpinWait();
            }
            return Files.move(Files.createFile(data.resolve("theirs")), lock, StandardCopyOption.ATOMIC_MOVE);
        });
        new Thread(another).start();
        assertTrue(assertThrows(IOException.class, patient::lock).getMessage().contains("another process"));
        another.get();
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
        try (LockHolder other = new LockHolder(lock)) {
            return !other.isLocked();
        }
    }
}
