package io.mirrorbootstrap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The libraries of {@code src/native-test/c}: preloaded, they change what a process has of its system. */
final class Preloaded {

    /** What has been built: once for all tests. */
    private static final Map<String, Path> BUILT = new ConcurrentHashMap<>();

    private Preloaded() {
    }

    /** The library, built of the source of this name. */
    static Path library(String name) {
        return BUILT.computeIfAbsent(name, Preloaded::build);
    }

    /**
     * The environment of a process whose disk, or whose sockets, do what {@code slow_disk.c} describes.
     *
     * @param settings names and values, one behind the other
     */
    static Map<String, String> disk(Object... settings) {
        Map<String, String> environment = new HashMap<>();
        environment.put("LD_PRELOAD", library("slow_disk").toString());
        for (int i = 0; i < settings.length; i += 2) {
            environment.put(settings[i].toString(), settings[i + 1].toString());
        }
        return environment;
    }

    private static Path build(String name) {
        try {
            Path directory = Files.createDirectories(Path.of("target/preloaded")).toAbsolutePath();
            Path library = Files.createTempFile(directory, name, ".so");
            Process gcc = new ProcessBuilder("gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o",
                    library.toString(), "src/native-test/c/" + name + ".c", "-ldl").inheritIO().start();
            if (gcc.waitFor() != 0) {
                throw new IllegalStateException("gcc cannot build " + name);
            }
            return library;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
