package io.mirrorbootstrap.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PackedDirectoryTest {

    @TempDir
    Path directory;
    private Path root;

    @BeforeEach
    void makeRoot() throws IOException {
        root = Files.createDirectory(directory.resolve("root"));
    }

    @Test
    void gnuTarReadsIt() throws Exception {
        Directories.fill(root);
        Path archive = directory.resolve("archive");
        Files.write(archive, Directories.pack(Directories.open(root)));
        assertEquals("0: ",
                Directories.run("tar", "--numeric-owner", "-df", archive.toString(), "-C", root.toString()));
        Path there = Files.createDirectory(directory.resolve("there"));
        assertEquals("0: ",
                Directories.run("tar", "--warning=no-timestamp", "-xpf", archive.toString(), "-C", there.toString()));
        assertEquals(Directories.look(root), Directories.look(there));
    }

    @Test
    void itIsTheSameEachTimeAndFromEachByteOn() throws Exception {
        Directories.fill(root);
        PackedDirectory packed = Directories.open(root);
        byte[] whole = Directories.pack(packed);
        assertEquals(packed.size(), whole.length);
        PackedDirectory again = Directories.open(root);
        assertArrayEquals(whole, Directories.pack(again));
        assertEquals(packed.fingerprint(), again.fingerprint());
        List<Integer> offsets = new ArrayList<>(List.of(0, 1, 511, 512, whole.length - 1025, whole.length - 1024,
                whole.length - 1, whole.length));
        new Random(1).ints(60, 0, whole.length).forEach(offsets::add);
        try (Packing packing = packed.pack()) {
            for (int offset : offsets) {
                packing.seek(offset);
                assertEquals(offset, packing.at());
                ByteBuffer part = ByteBuffer.allocate(Math.min(70_000, whole.length - offset));
                while (part.hasRemaining()) {
                    packing.read(part.limit(Math.min(part.capacity(), part.position() + 10_007)));
                    part.limit(part.capacity());
                }
                assertArrayEquals(Arrays.copyOfRange(whole, offset, offset + part.capacity()), part.array());
            }
        }
    }

    /** What a mirror has of it is gone on with by another version of this program. */
    @Test
    void itsBytesAreTheseForEver() throws Exception {
        Files.writeString(root.resolve("a"), "bytes");
        Files.createSymbolicLink(root.resolve("ä"), Path.of("a"));
        Files.setAttribute(root.resolve("a"), "unix:mode", 0640);
        Files.setLastModifiedTime(root.resolve("a"), FileTime.fromMillis(1_700_000_000_000L));
        Files.setLastModifiedTime(root, FileTime.fromMillis(1_700_000_000_000L));
        Facts facts = Facts.of(root.resolve("a"));
        byte[] archive = Directories.pack(Directories.open(root));
        assertEquals("./a" + "\0".repeat(97) + "0000640 " + String.format("%07o %07o ", facts.uid(), facts.gid())
                + "00000000005 14524770400 ", text(archive, 512, 148));
        assertEquals("0" + "\0".repeat(100) + "ustar\0" + "00" + "\0".repeat(64), text(archive, 512 + 156, 173));
        assertEquals("bytes" + "\0".repeat(507), text(archive, 1024, 512));
        assertTrue(new String(archive, 4 * 512, 512, StandardCharsets.UTF_8).startsWith("13 path=./ä\n"));
    }

    private static String text(byte[] bytes, int from, int length) {
        return new String(bytes, from, length, StandardCharsets.ISO_8859_1);
    }

    @Test
    void anEmptyDirectoryIsAnArchive() throws Exception {
        Directories.wholeSeconds(root);
        assertEquals(512 + 1024, Directories.pack(Directories.open(root)).length);
        assertEquals(512 + 1024,
                Directories.pack(Directories.open(Files.createSymbolicLink(directory.resolve("l"), root))).length);
    }

    @Test
    void theLabelOfABaseBackupComesFirst() throws Exception {
        for (String name : List.of("PG_VERSION", "backup_label", "base/backup_label", "a")) {
            Files.createDirectories(root.resolve(name).getParent());
            Files.writeString(root.resolve(name), name);
        }
        Path archive = directory.resolve("archive");
        Files.write(archive, Directories.pack(Directories.open(root)));
        assertEquals("0: ./\n./backup_label\n./PG_VERSION\n./a\n./base/\n./base/backup_label\n",
                Directories.run("tar", "-tf", archive.toString()));
    }

    @Test
    void aLargeFileIsNotReadToKnowItsSizeNorToGoBehindIt() throws Exception {
        long size = (9L << 30) + 3;
        try (RandomAccessFile large = new RandomAccessFile(root.resolve("large").toFile(), "rw")) {
            large.setLength(size);
        }
        Files.writeString(root.resolve("small"), "end");
        Directories.wholeSeconds(root);
        PackedDirectory packed = Directories.open(root);
        assertEquals(512 + 1536 + size + 509 + 512 + 512 + 1024, packed.size());
        try (Packing packing = packed.pack()) {
            ByteBuffer head = ByteBuffer.allocate(2048);
            packing.read(head);
            assertEquals("19 size=9663676419\n", text(head.array(), 1024, 19));
            packing.seek(packed.size() - 2048);
            ByteBuffer end = ByteBuffer.allocate(2049);
            packing.read(end);
            assertEquals("./small\0", text(end.array(), 0, 8));
            assertEquals("end\0", text(end.array(), 512, 4));
            assertEquals(2048, end.position());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"append|file: it had 100000 bytes, now it has 100001",
            "touch|file: it was modified at ",
            "replace|file: something else has its name now", "shorten|file had 100000 bytes, now it has ",
            "remove|next was there, and is not any more", "add|naked is new, or other than it was, ",
            "mode|next is new, or other than it was, ", "removeLast|of 5 files and directories, 1 at its end are gone"})
    void whatChangesWhileItIsPackedIsNamed(String change, String said) throws Exception {
        for (String name : List.of("first", "file", "next", "zlast")) {
            Files.write(root.resolve(name), new byte[100_000]);
        }
        Directories.wholeSeconds(root);
        PackedDirectory packed = Directories.open(root);
        try (Packing packing = packed.pack()) {
            packing.read(ByteBuffer.allocate(3 * 512));
            Path file = root.resolve("file");
            switch (change) {
                case "append" -> Files.write(file, new byte[100_001]);
                case "shorten" -> Files.write(file, new byte[10]);
                case "touch" -> Files.setLastModifiedTime(file, FileTime.fromMillis(5));
                case "replace" -> {
                    Files.write(root.resolve("other"), new byte[100_000]);
                    Files.move(root.resolve("other"), file, StandardCopyOption.REPLACE_EXISTING);
                }
                case "remove" -> {
                    Files.delete(root.resolve("next"));
                }
                case "removeLast" -> Files.delete(root.resolve("zlast"));
                case "add" -> Files.createFile(root.resolve("naked"));
                default -> Files.setAttribute(root.resolve("next"), "unix:mode", 0600);
            }
            if (List.of("append", "touch", "replace", "shorten").contains(change)) {
                assertSaid(said,
                        assertThrows(ChangedException.class, () -> packing.read(ByteBuffer.allocate(500_000))));
            }
            Optional<String> found = packed.change();
            assertTrue(found.isPresent());
            if (!List.of("append", "touch", "replace", "shorten", "removeLast").contains(change)) {
                assertTrue(found.get().contains(root.toString()), found::get);
            }
            assertNotEquals(packed.fingerprint(), Directories.open(root).fingerprint());
        }
    }

    private static void assertSaid(String part, Exception failure) {
        assertTrue(failure.getMessage().contains(part), failure::getMessage);
    }

    /** A database drops its own names of files that it shares with a checkpoint. */
    @Test
    void itIsTheSameWhenAFileLosesANameElsewhere() throws Exception {
        Files.writeString(directory.resolve("own"), "sst");
        Files.createLink(root.resolve("000001.sst"), directory.resolve("own"));
        PackedDirectory packed = Directories.open(root);
        Files.delete(directory.resolve("own"));
        assertEquals(Optional.empty(), packed.change());
        assertEquals(packed.fingerprint(), Directories.open(root).fingerprint());
        assertEquals(packed.size(), Directories.pack(packed).length);
    }

    @Test
    void aSocketIsLeftOutAndSaid() throws Exception {
        Path socket = root.resolve("s");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Files.setLastModifiedTime(root, FileTime.fromMillis(0));
            List<String> said = new ArrayList<>();
            PackedDirectory packed = PackedDirectory.open(root, said::add);
            assertEquals(List.of(socket + " is a socket, and is left out: it means nothing elsewhere"), said);
            assertEquals(512 + 1024, Directories.pack(packed).length);
        }
    }

    @Test
    @Timeout(30)
    void aPipeThatHasTakenTheFilesPlaceIsNotOpened() throws Exception {
        Path file = Files.write(root.resolve("a"), new byte[10]);
        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        Files.setLastModifiedTime(root, FileTime.fromMillis(0));
        try (Packing packing = Directories.open(root).pack()) {
            packing.read(ByteBuffer.allocate(2 * 512)); // the headers of both
            Files.delete(file);
            assertEquals("0: ", Directories.run("mkfifo", file.toString()));
            assertThrows(ChangedException.class, () -> packing.read(ByteBuffer.allocate(512)));
        }
    }

    @Test
    void aLinkToTheDirectoryItselfStaysInside() throws Exception {
        Files.createSymbolicLink(root.resolve("self"), Path.of(root + "/"));
        Files.createSymbolicLink(Files.createDirectory(root.resolve("below")).resolve("up"), root);
        List<String> said = new ArrayList<>();
        Path archive = Files.write(directory.resolve("links.tar"),
                Directories.pack(PackedDirectory.open(root, said::add)));
        assertEquals(List.of(), said);
        String listed = Directories.run("tar", "-tvf", archive.toString());
        assertTrue(listed.contains("./self -> .") && listed.contains("./below/up -> ../"), listed);
    }

    @Test
    void whatCannotBePackedIsRefusedByName() throws Exception {
        Path pipe = root.resolve("pipe");
        assertEquals("0: ", Directories.run("mkfifo", pipe.toString()));
        assertSaid(pipe + " is a named pipe", assertThrows(IOException.class, () -> Directories.open(root)));
        Files.delete(pipe);
        assertEquals("0: ", Directories.run("bash", "-c", "touch $'" + root + "/\\xff'"));
        assertSaid("%FF", assertThrows(IOException.class, () -> Directories.open(root)));
        assertThrows(NotDirectoryException.class, () -> Directories.open(Files.createFile(directory.resolve("f"))));
        assertThrows(NoSuchFileException.class, () -> Directories.open(directory.resolve("none")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/elsewhere", "../../elsewhere"})
    void aTablespaceElsewhereIsRefusedAndAnyOtherLinkSaid(String target) throws Exception {
        Path link = Files.createSymbolicLink(root.resolve("link"), Path.of(target));
        List<String> said = new ArrayList<>();
        PackedDirectory.open(root, said::add);
        assertEquals(1, said.size());
        assertTrue(said.get(0).startsWith(link + " leads out of the directory, to " + target), said::toString);
        Files.createSymbolicLink(Files.createDirectory(root.resolve("pg_tblspc")).resolve("16384"), Path.of(target));
        assertSaid("--tablespace-mapping",
                assertThrows(IOException.class, () -> PackedDirectory.open(root, said::add)));
    }

    @Test
    void aTablespaceInTheDirectoryIsLedToByARelativeLink() throws Exception {
        Path space = Files.createDirectory(root.resolve("space"));
        Files.createSymbolicLink(Files.createDirectory(root.resolve("pg_tblspc")).resolve("16384"), space);
        Path archive = directory.resolve("archive");
        Files.write(archive, Directories.pack(Directories.open(root)));
        assertTrue(Directories.run("tar", "-tvf", archive.toString()).contains("./pg_tblspc/16384 -> ../space\n"));
    }

    @Test
    void moreNamesThanMemoryHoldsAreRefused() throws Exception {
        for (int i = 0; i < 100; i++) {
            Files.createFile(root.resolve("f" + i));
        }
        assertSaid("more names than 5000 bytes of memory hold",
                assertThrows(IOException.class, () -> PackedDirectory.open(root, new HeldMemory(5000), any -> {
                })));
    }
}
