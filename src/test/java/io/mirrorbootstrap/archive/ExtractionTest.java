package io.mirrorbootstrap.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExtractionTest {

    @TempDir
    Path directory;

    /** Hands it over in parts of this many bytes. */
    private void extract(byte[] archive, int part) throws IOException {
        try (Extraction extraction = Extraction.begin(there())) {
            take(extraction, archive, part);
            assertFalse(Files.exists(there()) && there().toFile().list().length > 0);
            extraction.publish();
        }
    }

    private static void take(Extraction extraction, byte[] archive, int part) throws IOException {
        for (int at = 0; at < archive.length; at += part) {
            extraction.take(ByteBuffer.wrap(archive, at, Math.min(part, archive.length - at)));
        }
    }

    private Path there() {
        return directory.resolve("there");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 511, 512, 513, 262_144})
    void whatIsPackedIsTheSameAgain(int part) throws IOException {
        Path root = Files.createDirectory(directory.resolve("root"));
        Directories.fill(root);
        extract(Directories.pack(Directories.open(root)), part);
        assertEquals(Directories.look(root), Directories.look(there()));
        assertEquals(List.of("root", "there"), names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gnu", "pax", "ustar", "oldgnu", "v7"})
    void whatGnuTarPacksIsTheSame(String format) throws Exception {
        Path root = Files.createDirectory(directory.resolve("root"));
        if (format.equals("v7") || format.equals("ustar")) {
            Files.writeString(Files.createDirectory(root.resolve("plain")).resolve("file"), "bytes");
            Files.createLink(root.resolve("shared"), root.resolve("plain/file"));
        } else {
            Directories.fill(root);
        }
        Path archive = directory.resolve("archive");
        assertEquals("0: ",
                Directories.run("tar", "--format=" + format, "-cf", archive.toString(), "-C", root.toString(), "."));
        extract(Files.readAllBytes(archive), 100_000);
        boolean isExact = format.equals("pax");
        assertEquals(Directories.look(root, isExact), Directories.look(there(), isExact));
    }

    @Test
    void whatIsNotSaidOfDirectoriesIsMade() throws IOException {
        Files.createDirectory(there());
        extract(new TarByHand().file("a/b/c", "1").directory("a").file("./a/.//d", "2").hardLink("e", "a/b/c")
                .link("a/l", "../e").end(), 700);
        assertEquals(List.of("", "a", "a/b", "a/b/c", "a/d", "a/l", "e"),
                List.copyOf(Directories.look(there()).keySet()));
        assertEquals("1", Files.readString(there().resolve("a/l")));
        assertEquals("2", Files.readString(there().resolve("a/d")));
    }

    @Test
    void onlyPermissionsOfReadingWritingAndRunningAreGiven() throws IOException {
        extract(new TarByHand().header('0', "f", "", "0", "0007755").header('5', "d", "", "0", "0007711").end(), 512);
        assertEquals(0755, (int) Files.getAttribute(there().resolve("f"), "unix:mode") & 07777);
        assertEquals(0711, (int) Files.getAttribute(there().resolve("d"), "unix:mode") & 07777);
        assertEquals(0700, (int) Files.getAttribute(there(), "unix:mode") & 07777);
    }

    static Stream<Arguments> hostile() {
        return Map.<String, UnaryOperator<TarByHand>>ofEntries(
                Map.entry("../x leads out of", tar -> tar.file("../x", "")),
                Map.entry("a/../../x leads out of", tar -> tar.file("a/../../x", "")),
                Map.entry("/x is an absolute name", tar -> tar.file("/x", "")),
                Map.entry("/y is an absolute name", tar -> tar.pax("path", "/y").file("x", "")),
                Map.entry("../long leads out", tar -> tar.member('L', "././@LongLink", "", "../long\0").file("x", "")),
                Map.entry("has a name that no file can have", tar -> tar.pax("path", "a\0b").file("x", "")),
                Map.entry("l is a link that leads out of the directory, or may: to ..", tar -> tar.link("l", "..")),
                Map.entry("l is a link that leads out of the directory, or may: to /etc", tar -> tar.link("l", "/etc")),
                Map.entry("d/l is a link that leads out", tar -> tar.link("d/l", "../../x")),
                Map.entry("l2 is a link that leads out of the directory, or may: to d/l1/../../x",
                        tar -> tar.directory("d").link("d/l1", ".").link("l2", "d/l1/../../x")),
                Map.entry("l is a link that leads out of the directory, or may: to ../\n",
                        tar -> tar.pax("linkpath", "../\n").link("l", "x")),
                Map.entry("d/x is below d, which is no directory",
                        tar -> tar.link("d", "e").directory("e").file("d/x", "")),
                Map.entry("f/x is below f, which is no directory", tar -> tar.file("f", "").file("f/x", "")),
                Map.entry("h shares its bytes with l, which is no file", tar -> tar.link("l", "f").hardLink("h", "l")),
                Map.entry("h shares its bytes with l/f, which is no file",
                        tar -> tar.directory("d").file("d/f", "").link("l", "d").hardLink("h", "l/f")),
                Map.entry("../../etc/passwd leads out", tar -> tar.hardLink("h", "../../etc/passwd")),
                Map.entry("/etc/passwd is an absolute name", tar -> tar.hardLink("h", "/etc/passwd")),
                Map.entry("h shares its bytes with none, which is no file", tar -> tar.hardLink("h", "none")),
                Map.entry("h is no file, and has 3 bytes", tar -> tar.file("f", "abc").member('1', "h", "f", "abc")),
                Map.entry("f is there twice", tar -> tar.file("f", "1").file("./f", "2")),
                Map.entry("g is there twice", tar -> tar.file("g", "1").link("g", "f")),
                Map.entry("d is there twice", tar -> tar.directory("d").directory("d/")),
                Map.entry("e is there twice", tar -> tar.link("e", "f").directory("e")),
                Map.entry("dev is a device", tar -> tar.member('3', "dev", "", "")),
                Map.entry("block is a device", tar -> tar.member('4', "block", "", "")),
                Map.entry("p is a named pipe", tar -> tar.member('6', "p", "", "")),
                Map.entry("s is stored as a sparse file", tar -> tar.member('S', "s", "", "")),
                Map.entry("t is stored as a sparse file",
                        tar -> tar.pax("GNU.sparse.major", "1", "path", "t").file("x", "")),
                Map.entry("m is of a kind that is not unpacked, 'M'", tar -> tar.member('M', "m", "", "")),
                Map.entry("it says 'path' of all its members",
                        tar -> tar.member('g', "g", "", "10 path=z\n").file("x", "")),
                Map.entry("has 8589934591 bytes that are said of a member",
                        tar -> tar.header('x', "x", "", "77777777777", "0000644")),
                Map.entry("an extended header that is none", tar -> tar.member('x', "x", "", "99 path=z\n")),
                Map.entry("a size that is none: -1", tar -> tar.pax("size", "-1").file("x", "")),
                Map.entry("a time that is none: 1E999999999", tar -> tar.pax("mtime", "1E999999999").file("x", "")),
                Map.entry("a name that is not UTF-8",
                        tar -> tar.header('0', "\u00ff", "", "0", "0000644", StandardCharsets.ISO_8859_1)),
                Map.entry("the directory itself as something else", tar -> tar.link("./", "x")),
                Map.entry("it goes on behind its end", tar -> tar.raw(new byte[1024]).file("x", "")),
                Map.entry("it ends, and goes on", tar -> tar.raw(new byte[512]).file("x", "")),
                Map.entry("where a member begins, it has what is no header",
                        tar -> tar.file("x", "").raw("no header".repeat(100).substring(0, 512)
                                .getBytes(StandardCharsets.US_ASCII))))
                .entrySet().stream().map(each -> Arguments.of(each.getKey(), each.getValue()));
    }

    @ParameterizedTest
    @MethodSource("hostile")
    void whatMayHarmIsRefusedAndNothingIsLeft(String said, UnaryOperator<TarByHand> archive) throws IOException {
        byte[] bytes = archive.apply(new TarByHand().file("before", "1")).end();
        RefusedException refused = assertThrows(RefusedException.class, () -> extract(bytes, 1000));
        assertTrue(refused.getMessage().contains(said), refused::getMessage);
        assertEquals(List.of(), names());
    }

    @Test
    void aLinkNeedNotEndWhereSomethingIs() throws IOException {
        extract(new TarByHand().link("a/l", "../none/x").link("m", "./a").end(), 512);
        assertEquals(Path.of("../none/x"), Files.readSymbolicLink(there().resolve("a/l")));
    }

    static Stream<Arguments> noArchives() throws IOException {
        byte[] tar = new TarByHand().file("x", "y").end();
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
            gzip.write(tar);
        }
        return Stream.of(
                Arguments.of("it is compressed (gzip), and only a plain tar archive is unpacked", zipped.toByteArray()),
                Arguments.of("it is compressed (zstd)", new byte[]{0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, 0}),
                Arguments.of("it is no tar archive",
                        "SQLite format 3\0".repeat(100).getBytes(StandardCharsets.US_ASCII)),
                Arguments.of("it is no tar archive", new byte[0]),
                Arguments.of("it ends before the archive does", new TarByHand().file("x", "y").unfinished()),
                Arguments.of("it ends before the archive does", Arrays.copyOf(tar, 1000)));
    }

    @ParameterizedTest
    @MethodSource("noArchives")
    void whatIsNoWholeArchiveIsToldAndNothingIsLeft(String said, byte[] bytes) throws IOException {
        RefusedException refused = assertThrows(RefusedException.class, () -> extract(bytes, 300));
        assertTrue(refused.getMessage().startsWith(said), refused::getMessage);
        assertEquals(List.of(), names());
    }

    @Test
    void whatIsInItsPlaceStays() throws IOException {
        byte[] archive = new TarByHand().file("x", "new").end();
        Files.writeString(Files.createDirectory(there()).resolve("x"), "old");
        assertTrue(assertThrows(IOException.class, () -> extract(archive, 512)).getMessage().contains("is not empty"));
        Files.delete(there().resolve("x"));
        try (Extraction extraction = Extraction.begin(there())) {
            take(extraction, archive, 512);
            Files.writeString(there().resolve("x"), "meanwhile");
            assertTrue(assertThrows(IOException.class, extraction::publish).getMessage()
                    .contains("is there, and is not empty: nothing is replaced"));
        }
        assertEquals("meanwhile", Files.readString(there().resolve("x")));
        assertEquals(List.of("there"), names());
        Files.delete(there().resolve("x"));
        Files.delete(there());
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.createSymbolicLink(there(), elsewhere);
        assertTrue(
                assertThrows(IOException.class, () -> extract(archive, 512)).getMessage().contains("is no directory"));
    }

    @Test
    void whatAKilledProcessHasLeftIsRemovedAndNothingElse() throws IOException {
        Path others = Files.createDirectory(directory.resolve("others"));
        Files.createFile(others.resolve("mine"));
        Path left = partial("there.partial-12345678", Leftovers.MARK);
        Files.setAttribute(Files.createDirectories(left.resolve("tree/locked/below")).getParent(), "unix:mode", 0500);
        Files.createSymbolicLink(left.resolve("tree/link"), others);
        partial("there.partial-old", Leftovers.MARK);
        partial("there.partial-b.partial-12345678", Leftovers.MARK);
        partial("there.partial-00000001", "1234\n".getBytes(StandardCharsets.US_ASCII));
        Files.createFile(partial("there.partial-00000002", Leftovers.MARK).resolve("mine"));
        Files.createSymbolicLink(directory.resolve("there.partial-00000003"), others);
        Extraction.prepare(there());
        assertEquals(List.of("others", "there.partial-00000001", "there.partial-00000002", "there.partial-00000003",
                "there.partial-b.partial-12345678", "there.partial-old"), names());
        assertTrue(Files.exists(others.resolve("mine")));
    }

    private Path partial(String name, byte[] lock) throws IOException {
        Path partial = Files.createDirectory(directory.resolve(name));
        Files.createDirectory(partial.resolve("tree"));
        Files.write(partial.resolve("lock"), lock);
        return partial;
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "there/..", "x.partial-20261128", "no\uFFFD"})
    void aNameThatCannotBeGivenIsRefused(String name) {
        Path wanted = name.isEmpty() ? Path.of("") : Path.of(directory + "/" + name);
        assertThrows(IOException.class, () -> Extraction.prepare(wanted));
    }

    @Test
    void itIsMadeWhereTheSystemFindsIt() throws IOException {
        Path elsewhere = Files.createDirectories(directory.resolve("elsewhere/below"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), elsewhere);
        try (Extraction extraction = Extraction.begin(Path.of(link + "/../there"))) {
            take(extraction, new TarByHand().file("x", "").end(), 512);
            extraction.publish();
        }
        assertTrue(Files.exists(directory.resolve("elsewhere/there/x")));
    }

    @Test
    void twoDoNotUnpackToOnePlace() throws IOException {
        try (Extraction first = Extraction.begin(there())) {
            assertTrue(assertThrows(IOException.class, () -> Extraction.prepare(there())).getMessage()
                    .startsWith("another process is unpacking there"));
            take(first, new TarByHand().file("x", "").end(), 512);
            first.publish();
        }
        assertEquals(List.of("there"), names());
    }

    @Test
    void moreDirectoriesThanMemoryHoldsAreRefused() throws IOException {
        TarByHand many = new TarByHand();
        for (int i = 0; i < 100; i++) {
            many.directory("d" + i);
        }
        try (Extraction extraction = Extraction.begin(there(), new HeldMemory(10_000))) {
            assertTrue(assertThrows(IOException.class, () -> take(extraction, many.end(), 512)).getMessage()
                    .contains("more names than"));
        }
        assertEquals(List.of(), names());
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }
}
