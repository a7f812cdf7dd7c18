package io.mirrorbootstrap.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.mirrorbootstrap.archive.PackedDirectory;
import io.mirrorbootstrap.archive.Packing;

/** {@code wait --extract}. */
@Timeout(60)
class ExtractTest extends WithWaitingCommand {

    private static final String DELETE = "DELETE /v1/mirrors/d?snapshot=true";

    private byte[] archive;
    private Path place;

    @BeforeEach
    void pack() throws IOException {
        Path source = Files.createDirectories(directory.resolve("source/base"));
        Files.write(source.resolve("16384"), new byte[700_000]);
        Files.writeString(source.resolveSibling("PG_VERSION"), "17\n");
        place = Files.createDirectory(directory.resolve("room")).resolve("new");
        PackedDirectory packed = PackedDirectory.open(source.getParent(), line -> {
            throw new AssertionError(line);
        });
        ByteBuffer all = ByteBuffer.allocate((int) packed.size());
        try (Packing packing = packed.pack()) {
            packing.read(all);
        }
        archive = all.array();
    }

    @Test
    void aDirectoryIsThereAndItsSnapshotRemoved() throws IOException {
        commit(archive, null);
        assertEquals(0, extract("--remove-after", "--unless=" + place.resolve("PG_VERSION")), err::toString);
        assertEquals(700_000, Files.size(place.resolve("base/16384")));
        assertEquals("17\n", Files.readString(place.resolve("PG_VERSION")));
        assertEquals(file() + "\t7\t" + crc32c() + "\t" + archive.length, out.toString().strip());
        assertTrue(
                err.toString().contains("extracted: " + place + " has the 3 files, directories and links of " + file()
                        + ", LSN 7, CRC-32C " + crc32c()),
                err::toString);
        assertEquals(DELETE, requests.get(requests.size() - 1));
        assertEquals(List.of("new"), names());
        assertEquals(0, extract("--unless=" + place.resolve("PG_VERSION")), err::toString);
        assertTrue(last().endsWith("PG_VERSION is there: nothing to wait for"), last());
        assertEquals(2, extract(), err::toString);
        assertTrue(err.toString().contains(place + " is there, and is not empty: nothing is replaced"), err::toString);
    }

    @ParameterizedTest
    @CsvSource({"0", "300000", "-1"})
    void ofAWrongSnapshotNothingIsThere(int flipped) throws IOException {
        commit(archive, null);
        int at = flipped < 0 ? archive.length - 1 : flipped;
        byte[] wrong = archive.clone();
        wrong[at] ^= 1;
        Files.write(file(), wrong);
        assertEquals(3, extract("--remove-after"), err::toString);
        assertTrue(last().endsWith(place + " was not made"), last());
        assertTrue(at == 0 || at == archive.length - 1 || last().contains(file() + " is not what its manifest says: "),
                last());
        assertEquals(List.of(), names());
        assertFalse(requests.contains(DELETE));
    }

    @Test
    void whatIsNoArchiveIsSaid() throws IOException {
        commit(new byte[]{0x1f, (byte) 0x8b, 8, 0}, null);
        assertEquals(3, extract(), err::toString);
        assertTrue(
                last().startsWith("mirror-bootstrap: " + file() + " cannot be unpacked: it is compressed (gzip), and"),
                last());
        commit(new byte[0], null);
        assertEquals(3, extract(), err::toString);
        assertTrue(last().contains("it is no tar archive"), last());
        assertEquals(List.of(), names());
    }

    @Test
    void aDirectoryThatCannotBeWrittenIsNoFaultOfTheSnapshot() throws IOException {
        commit(archive, null);
        place = place.resolveSibling("n".repeat(250));
        assertEquals(6, extract("--remove-after"), err::toString);
        assertTrue(last().contains("File name too long"), last());
        assertFalse(requests.contains(DELETE));
        assertEquals(List.of(), names());
    }

    @Test
    void whatCannotBeIsToldBeforeAnythingIsWaitedFor() throws IOException {
        Files.createSymbolicLink(place, directory.resolve("source"));
        commit(archive, null);
        assertEquals(2, extract(), err::toString);
        assertEquals(List.of(), requests);
        assertTrue(Files.exists(place, LinkOption.NOFOLLOW_LINKS));
        assertEquals(2, extract("--", "cat"), err::toString);
        place = directory.resolve("none/new");
        assertEquals(2, extract(), err::toString);
    }

    private int extract(String... options) throws IOException {
        return await(List.of(following(), following(), "204 No Content|"),
                Stream.concat(Stream.of("--extract", place.toString()), Stream.of(options)).toArray(String[]::new));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> all = Files.list(directory.resolve("room"))) {
            return all.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private String last() {
        List<String> lines = err.toString().lines().toList();
        return lines.get(lines.size() - 1);
    }
}
