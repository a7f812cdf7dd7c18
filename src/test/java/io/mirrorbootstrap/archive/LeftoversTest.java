package io.mirrorbootstrap.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {

    /** Capabilities without which root is like any other user. */
    private static final String ORDINARY = "-dac_override,-dac_read_search";
    /** With the zero behind it a path has at most so many bytes. */
    private static final int LONGEST_PATH = 4096;
    private static final int LONG_NAME = 200;

    @TempDir
    Path directory;

    /** Else whoever is ended in between leaves what nobody knows to be his. */
    @Test
    void theLockGoesLast() throws Exception {
        for (int round = 0; round < 8; round++) { // in which order a directory tells its names is its own affair
            Path partial = Leftovers.beside(directory.resolve("there"));
            List<Path> names = List.of(partial.resolve(Leftovers.LOCK), partial.resolve(Leftovers.TREE));
            Files.createDirectory(partial);
            if (round % 2 == 0) {
                Files.write(names.get(0), Leftovers.MARK);
            }
            Files.createDirectories(names.get(1).resolve("base"));
            Files.write(names.get(0), Leftovers.MARK);
            Files.createFile(names.get(1).resolve("base/1"));
            try (WatchService watch = directory.getFileSystem().newWatchService()) {
                partial.register(watch, StandardWatchEventKinds.ENTRY_DELETE);
                Leftovers.remove(directory.resolve("there"));
                assertEquals(List.of(Leftovers.TREE, Leftovers.LOCK), gone(watch));
            }
            assertFalse(Files.exists(partial));
        }
    }

    /** A full disk has no room for the mark, and who is ended may be so at any moment. */
    @Test
    void whatWasEndedBeforeItsLockWasWrittenIsRemovedToo() throws Exception {
        Path there = directory.resolve("there");
        Path bare = Files.createDirectory(Leftovers.beside(there));
        Path empty = Files.createDirectory(Leftovers.beside(there));
        Files.createFile(empty.resolve(Leftovers.LOCK));
        Path half = Files.createDirectory(Leftovers.beside(there));
        Files.write(half.resolve(Leftovers.LOCK), Arrays.copyOf(Leftovers.MARK, Leftovers.MARK.length / 2));
        Path others = Files.createDirectory(Leftovers.beside(there));
        Files.writeString(others.resolve(Leftovers.LOCK), "mine");
        Path unmarked = Files.createDirectory(Leftovers.beside(there));
        Files.createDirectory(unmarked.resolve(Leftovers.TREE));
        Leftovers.remove(there);
        for (Path each : List.of(bare, empty, half)) {
            assertFalse(Files.exists(each), each::toString);
        }
        for (Path each : List.of(others, unmarked)) {
            assertTrue(Files.exists(each), each::toString);
        }
    }

    /** Between its lock and what is written into that. */
    @Test
    void whatAnotherIsAboutToBeginIsLeftToIt() throws Exception {
        Path there = directory.resolve("there");
        Path begun = Files.createDirectory(Leftovers.beside(there));
        try (FileChannel lock = FileChannel.open(Files.createFile(begun.resolve(Leftovers.LOCK)),
                StandardOpenOption.WRITE)) {
            assertTrue(lock.tryLock().isValid());
            IOException refused = assertThrows(IOException.class, () -> Leftovers.remove(there));
            assertTrue(refused.getMessage().contains("another process is unpacking there"), refused::getMessage);
            assertTrue(Files.exists(begun.resolve(Leftovers.LOCK)));
        }
        Leftovers.remove(there);
        assertFalse(Files.exists(begun));
    }

    @Test
    void whatCannotBeBegunLeavesNothing() throws Exception {
        Path deep = directory;
        int length = LONGEST_PATH - Leftovers.LOCK.length() - Leftovers.beside(Path.of("d")).toString().length() - 1;
        for (int left = length - bytes(deep); left > 0; left = length - bytes(deep)) {
            int name = left > 2 * LONG_NAME ? LONG_NAME : left > LONG_NAME ? left / 2 : left - 1;
            deep = Files.createDirectory(deep.resolve("d".repeat(name)));
        }
        Path there = deep.resolve("d");
        IOException refused = assertThrows(IOException.class, () -> Extraction.begin(there),
                "its lock has a name too long");
        assertTrue(refused.getMessage().contains(".partial-"), refused::getMessage);
        try (DirectoryStream<Path> left = Files.newDirectoryStream(deep)) {
            assertFalse(left.iterator().hasNext());
        }
    }

    private static int bytes(Path path) {
        return path.toString().length();
    }

    /** An archive may have a directory that not even its owner may read. */
    @Test
    void whatItsOwnerMayNotReadIsRemovedToo() throws Exception {
        Path partial = Files.createDirectory(Leftovers.beside(directory.resolve("there")));
        Files.write(partial.resolve(Leftovers.LOCK), Leftovers.MARK);
        Path outer = Files.createDirectories(partial.resolve(Leftovers.TREE).resolve("outer"));
        Path inner = Files.createDirectory(outer.resolve("inner"));
        Files.createFile(inner.resolve("file"));
        Files.setPosixFilePermissions(inner, PosixFilePermissions.fromString("--x--x--x"));
        Files.setPosixFilePermissions(outer, PosixFilePermissions.fromString("---------"));
        List<String> line = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) { // who else may read everything
            line.addAll(List.of("setpriv", "--inh-caps", ORDINARY, "--bounding-set", ORDINARY));
        }
        line.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Removal.class.getName(), directory.resolve("there").toString()));
        Process removal = new ProcessBuilder(line).inheritIO().start();
        assertTrue(removal.waitFor(1, TimeUnit.MINUTES));
        assertEquals(0, removal.exitValue());
        assertFalse(Files.exists(partial));
    }

    /** In a process of its own. */
    static final class Removal {
        public static void main(String[] directory) throws IOException {
            Leftovers.remove(Path.of(directory[0]));
        }
    }

    private static List<String> gone(WatchService watch) throws InterruptedException {
        List<String> gone = new ArrayList<>();
        while (gone.size() < 2) {
            WatchKey key = watch.poll(10, TimeUnit.SECONDS);
            for (WatchEvent<?> event : key.pollEvents()) {
                gone.add(event.context().toString());
            }
            key.reset();
        }
        return gone;
    }
}
