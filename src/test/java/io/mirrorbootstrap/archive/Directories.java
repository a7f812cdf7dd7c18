package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Directories for tests, and how they are compared. */
final class Directories {

    private static final int PERMISSIONS = 0777;

    private Directories() {
    }

    /** Files of sizes about a block, names of all kinds, links, modes and times. */
    static void fill(Path root) throws IOException {
        Random random = new Random(7);
        for (int size : new int[]{0, 1, 511, 512, 513, 1024, 100_000}) {
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            Files.write(root.resolve("size" + size), bytes);
        }
        Path odd = Files.createDirectories(root.resolve("odd/ dir with\nline end "));
        for (String name : new String[]{"ä€𝄞", "-rf", "..x", "a\\b", "100%41", "q?*\"'", "x".repeat(255),
                "é".repeat(100),
                "日本", ".hidden", "a=b", "\u0001"}) {
            Files.writeString(odd.resolve(name), name);
        }
        for (int i = 0; i < 200; i++) {
            Files.writeString(odd.resolve("f" + i * 7919 % 1000), "" + i);
        }
        Path deep = root;
        for (int i = 0; i < 12; i++) {
            deep = Files.createDirectory(deep.resolve("deep".repeat(10) + i));
        }
        Files.writeString(deep.resolve("file"), "deep");
        Files.createLink(root.resolve("zz-again"), root.resolve("size513"));
        Files.createSymbolicLink(root.resolve("odd/link"), Path.of("../size513"));
        Files.createSymbolicLink(root.resolve("dangling"), Path.of("ä" + "y".repeat(150)));
        Files.createDirectory(root.resolve("empty"));
        Files.setAttribute(root.resolve("size1"), "unix:mode", 0400);
        Files.setAttribute(root.resolve("size0"), "unix:mode", 0666);
        Files.setLastModifiedTime(root.resolve("size511"), FileTime.from(Instant.parse("1969-12-31T23:59:50.25Z")));
        Files.setLastModifiedTime(root.resolve("size512"), FileTime.from(Instant.parse("2300-01-01T00:00:00Z")));
        Files.setAttribute(root.resolve("empty"), "unix:mode", 0500);
        Files.setLastModifiedTime(root.resolve("empty"), FileTime.from(Instant.parse("2001-02-03T04:05:06Z")));
    }

    /** What there is to see of each member: kind, permissions, time, where it leads, which bytes it has and shares. */
    static SortedMap<String, String> look(Path root) throws IOException {
        return look(root, true);
    }

    /** @param isExact whether the time is more than its second */
    static SortedMap<String, String> look(Path root, boolean isExact) throws IOException {
        SortedMap<String, String> seen = new TreeMap<>();
        SortedMap<Object, String> shared = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path each : all.sorted().toList()) {
                boolean isLink = Files.isSymbolicLink(each);
                String what = isLink
                        ? "-> " + Files.readSymbolicLink(each)
                        : Files.isDirectory(each)
                                ? "directory"
                                : "file " + Arrays.hashCode(Files.readAllBytes(each)) + " of "
                                        + shared.computeIfAbsent(attribute(each, "unix:ino"),
                                                any -> root.relativize(each).toString());
                Instant time = isLink ? Instant.EPOCH : Files.getLastModifiedTime(each).toInstant();
                seen.put(root.relativize(each).toString(),
                        what + " " + (isExact ? time : time.getEpochSecond()) + " "
                                + ((int) attribute(each, "unix:mode") & PERMISSIONS));
            }
        }
        return seen;
    }

    private static Object attribute(Path path, String name) throws IOException {
        return Files.getAttribute(path, name, LinkOption.NOFOLLOW_LINKS);
    }

    /** Gives all that is there a time that fits a header. */
    static void wholeSeconds(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            for (Path each : all.toList()) {
                Files.setLastModifiedTime(each, FileTime.fromMillis(1_700_000_000_000L));
            }
        }
    }

    /** The whole archive. */
    static byte[] pack(PackedDirectory packed) throws IOException {
        ByteBuffer all = ByteBuffer.allocate((int) packed.size() + 1);
        try (Packing packing = packed.pack()) {
            packing.read(all);
        }
        return Arrays.copyOf(all.array(), all.position());
    }

    static PackedDirectory open(Path root) throws IOException {
        return PackedDirectory.open(root, left -> {
            throw new AssertionError(left);
        });
    }

    /** Runs GNU tar, or what it is here. */
    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() + ": " + said;
    }
}
