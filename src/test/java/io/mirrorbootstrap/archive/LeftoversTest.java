package io.mirrorbootstrap.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {

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
