package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes made by hand as the formats are published, and by the programs that are on this machine. */
class SnapshotHeadTest {

    private static final String ID = "0123456789abcdef0123456789abcdef01234567";
    static final String LABEL = "START WAL LOCATION: 16/B374D848 (file 0000000100000016000000B3)\n"
            + "CHECKPOINT LOCATION: 16/B374D880\nBACKUP METHOD: streamed\nBACKUP FROM: primary\n"
            + "START TIME: 2026-01-02 03:04:05 UTC\nLABEL: pg_basebackup base backup\nSTART TIMELINE: 1\n";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"backup_label", "./backup_label"})
    void theLabelOfABaseBackupSaysWhereItStarts(String name) {
        SnapshotHead head = found(tar(name, LABEL));
        assertEquals(97500059720L, head.lsn());
        assertEquals(Optional.of("16/B374D848"), head.position());
        assertTrue(head.words().contains("PostgreSQL") && head.words().contains("16/B374D848"), head::words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"START WAL LOCATION: 80000000/0 (file x)\n", "START WAL LOCATION: 16/B374D848",
            "START WAL LOCATION: 16/B374D8481 (file x)\n", "STOP WAL LOCATION: 16/B374D848 (file x)\n",
            "LABEL: START WAL LOCATION: 16/B374D848 (file x)\n", ""})
    void aLabelWithoutAPlaceThatCanBeSaysNothing(String label) {
        assertNothing(tar("backup_label", label));
    }

    @Test
    void anotherFirstFileIsNoLabel() {
        assertNothing(tar("base/backup_label", LABEL));
        assertNothing(join(tar("PG_VERSION", "17\n"), tar("backup_label", LABEL)));
        byte[] broken = tar("backup_label", LABEL);
        broken[0] = 'B';
        assertNothing(broken); // by its checksum it is no tar
        assertNothing("backup_label".getBytes(StandardCharsets.US_ASCII));
        assertNothing(new byte[SnapshotHead.BYTES]);
    }

    @Test
    void aLabelIsFoundInWhatTarAndPythonWrite() throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        Files.writeString(data.resolve("backup_label"), LABEL);
        for (String format : new String[]{"ustar", "gnu", "posix"}) {
            for (String members : new String[]{"backup_label", "./backup_label", "."}) {
                assertEquals(97500059720L, found(output("tar", "--format", format, "-C", data.toString(), "-cf", "-",
                        members)).lsn(), format + " " + members);
            }
        }
        assertNothing(output("tar", "-C", data.toString(), "-czf", "-", "backup_label"));
    }

    @ParameterizedTest
    @CsvSource({"REDIS0011, c005, 5", "REDIS0009, c13412, 4660", "VALKEY080, c278563412, 305419896",
            "REDIS0012, 0a34323934393637323936, 4294967296", "REDIS0012, 400134, 4", "REDIS0012, 800000000135, 5",
            "REDIS0012, 81000000000000000136, 6",
            "REDIS0012, 1339323233333732303336383534373735383037, 9223372036854775807"})
    void theOffsetOfADumpIsReadInEachEncoding(String magic, String offset, long lsn) {
        SnapshotHead head = found(join(ascii(magic), field("redis-ver", text("7.4.0")),
                field("redis-bits", hex("c040")), field("compressed", hex("c305146162636465")),
                field("repl-id", text(ID)), field("repl-offset", hex(offset)), hex("fe00fb0100")));
        assertEquals(lsn, head.lsn());
        assertEquals(Optional.of(ID + ":" + lsn), head.position());
        assertTrue(head.words().contains("Redis") && head.words().contains(String.valueOf(lsn)), head::words);
    }

    @Test
    void withoutANameOfItsReplicationAnOffsetIsItsOwnPosition() {
        assertEquals(Optional.empty(), found(join(ascii("REDIS0011"), field("repl-offset", text("7")))).position());
        assertEquals(Optional.empty(), found(join(ascii("REDIS0011"), field("repl-id", text("a b")),
                field("repl-offset", text("7")))).position());
    }

    @ParameterizedTest
    @ValueSource(strings = {"c0ff", "c2ffffffff", "00", "1339323233333732303336383534373735383038", "c305146162636465",
            "023120", "c4", "82", "81ffffffffffffffff", "80ffffffff", "c1", "c27856", "40", "8000", "05"})
    void whatIsNoOffsetSaysNothing(String offset) {
        assertNothing(join(ascii("REDIS0011"), field("repl-id", text(ID)), field("repl-offset", hex(offset))));
    }

    @Test
    void nothingIsReadBehindTheFieldsOfADump() {
        assertNothing(join(ascii("REDIS0011"), hex("fe00"), field("repl-offset", text("7"))));
        assertNothing(join(ascii("REDIS001x"), field("repl-offset", text("7"))));
        assertEquals(7, found(join(ascii("REDIS0011"), field("repl-offset", text("7")), hex("fa05"))).lsn());
    }

    @Test
    void theChangeCounterOfADatabaseOfSqliteIsRead() {
        byte[] file = Arrays.copyOf(ascii("SQLite format 3\0"), 100);
        ByteBuffer.wrap(file).putInt(24, 0xfedcba98);
        assertEquals(0xfedcba98L, found(file).lsn());
        assertEquals(Optional.empty(), found(file).position());
        assertEquals(0xfedcba98L, SnapshotHead.of(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN)).get().lsn());
        assertEquals(0xfedcba98L, found(Arrays.copyOf(file, 28)).lsn());
        assertNothing(Arrays.copyOf(file, 27));
    }

    @Test
    void theCounterIsTheOneThatSqliteCounts() throws Exception {
        Path file = directory.resolve("db");
        output("python3", "-c", "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nc.execute('create table t(a)')\n"
                + "for i in range(6):\n c.execute('insert into t values(1)')\n c.commit()\nc.close()", file.toString());
        byte[] bytes = Files.readAllBytes(file);
        assertEquals(7, found(Arrays.copyOf(bytes, Math.min(bytes.length, SnapshotHead.BYTES))).lsn());
    }

    @Test
    void whatIsCompressedSaysNothing() throws IOException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(tar("backup_label", LABEL));
        }
        assertNothing(compressed.toByteArray());
    }

    /** Also where it is a head that is cut anywhere, or has another byte somewhere. */
    @Test
    void noBytesMakeItFail() {
        byte[][] heads = {tar("backup_label", LABEL),
                join(ascii("REDIS0011"), field("repl-id", text(ID)), field("repl-offset", hex("c278563412"))),
                ascii("SQLite format 3\0 and what else there is, for more than 24 bytes"), {}};
        Random random = new Random(18);
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = heads[i % heads.length].clone();
            if (bytes.length == 0) {
                bytes = join(heads[random.nextInt(heads.length)], new byte[random.nextInt(100)]);
                random.nextBytes(bytes);
                byte[] magic = ascii(i % 8 == 3 ? "REDIS0011\u00fa" : "x");
                System.arraycopy(magic, 0, bytes, 0, Math.min(magic.length, bytes.length));
            }
            for (int changes = random.nextInt(3); changes > 0 && bytes.length > 0; changes--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            ByteBuffer head = ByteBuffer.wrap(Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
            SnapshotHead.of(head).ifPresent(found -> assertTrue(found.lsn() >= 0, found::toString));
            assertEquals(0, head.position());
        }
    }

    private static SnapshotHead found(byte[] bytes) {
        ByteBuffer head = ByteBuffer.allocateDirect(bytes.length + 3).position(3).put(bytes).position(3);
        return SnapshotHead.of(head).orElseThrow();
    }

    private static void assertNothing(byte[] bytes) {
        assertEquals(Optional.empty(), SnapshotHead.of(ByteBuffer.wrap(bytes)));
    }

    /** One file, as PostgreSQL writes it. */
    static byte[] tar(String name, String text) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000600\0" + "0000000\0" + "0000000\0");
        put(header, 124, String.format("%011o ", text.length()) + String.format("%011o ", 1));
        put(header, 148, "        0");
        put(header, 257, "ustar\00000");
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        put(header, 148, String.format("%06o ", sum));
        return join(header, Arrays.copyOf(ascii(text), (text.length() + 511) / 512 * 512));
    }

    private static void put(byte[] header, int at, String text) {
        System.arraycopy(ascii(text), 0, header, at, text.length());
    }

    private static byte[] field(String name, byte[] value) {
        return join(hex("fa"), text(name), value);
    }

    private static byte[] text(String text) {
        return join(new byte[]{(byte) text.length()}, ascii(text));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** The test is not made where there is no such program. */
    private static byte[] output(String... command) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException e) {
            assumeTrue(false, "no " + command[0]);
            throw e;
        }
        byte[] output = process.getInputStream().readAllBytes();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), command[0]);
        return output;
    }
}
