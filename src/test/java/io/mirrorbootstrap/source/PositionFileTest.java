package io.mirrorbootstrap.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionFileTest {

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void file() {
        file = directory.resolve("xtrabackup_binlog_info");
    }

    @Test
    void itsTextIsOneLine() throws IOException {
        assertEquals("mysql-bin.000001 42855779 uuid:1-5, größe:1-2",
                read("\nmysql-bin.000001\t42855779\tuuid:1-5,\r\n  größe:1-2 \n\n"));
        assertEquals("x".repeat(1024), read("  " + "x".repeat(1024) + "\n".repeat(60_000)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " \t\r\n"})
    void anEmptyOneIsNoPosition(String text) throws IOException {
        Files.writeString(file, text);
        assertRefused("is empty");
    }

    @Test
    void whatIsNoPositionIsRefused() throws IOException {
        Files.writeString(file, "x".repeat(1025));
        assertRefused("1 to 1024 bytes of UTF-8, no control character");
        Files.writeString(file, "ü".repeat(513));
        assertRefused("1 to 1024 bytes of UTF-8, no control character");
        Files.writeString(file, "a\u0001b");
        assertRefused("no control character");
        Files.write(file, new byte[]{'a', (byte) 0xff});
        assertRefused("is not UTF-8");
        Files.write(file, new byte[70_000]);
        assertRefused("it has more than 65536 bytes");
    }

    @Test
    void whatCannotBeReadIsRefused() throws IOException {
        assertRefused("there is no such file");
        Files.createDirectory(file);
        assertRefused("it is no regular file");
    }

    private String read(String text) throws IOException {
        Files.writeString(file, text);
        return new PositionFile(file).read();
    }

    private void assertRefused(String reason) {
        IOException refused = assertThrows(IOException.class, () -> new PositionFile(file).read());
        assertTrue(refused.getMessage().startsWith("the position cannot be had: " + file + " "), refused::getMessage);
        assertTrue(refused.getMessage().contains(reason), refused::getMessage);
    }
}
