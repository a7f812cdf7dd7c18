package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Names of files as UTF-8, whatever the locale of the process is: Java reads and writes them in its character set, and has no name at all
 * for what that does not know. A URI has their bytes.
 */
final class FileNames {

    private static final int ASCII_END = 0x80;
    private static final int HEX = 16;

    private FileNames() {
    }

    /**
     * The last name of {@code path}, which is absolute.
     *
     * @throws IOException when it is no UTF-8, with a sentence
     */
    static byte[] last(Path path) throws IOException {
        String name = path.getFileName().toString();
        if (isAscii(name)) {
            return name.getBytes(StandardCharsets.US_ASCII);
        }
        String raw = raw(path, name);
        return bytes(path, raw.substring(raw.lastIndexOf('/') + 1));
    }

    /**
     * A path that may be relative, as that of a link, with all its bytes.
     *
     * @throws IOException when it is no UTF-8, with a sentence
     */
    static String text(Path path) throws IOException {
        String text = path.toString();
        if (isAscii(text)) {
            return text;
        }
        String raw = raw(Path.of("/").resolve(path), text);
        return new String(bytes(path, path.isAbsolute() ? raw : raw.substring(1)), StandardCharsets.UTF_8);
    }

    /** What has {@code name}, one or several with slashes between them, below {@code directory}, which is absolute. */
    static Path below(Path directory, String name) {
        if (isAscii(name)) {
            return directory.resolve(name);
        }
        String above = directory.toUri().getRawPath();
        StringBuilder raw = new StringBuilder("file://").append(above).append(above.endsWith("/") ? "" : "/");
        for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (each & 0xff);
            if (c == '/' || Character.isLetterOrDigit(c) && c < ASCII_END) {
                raw.append(c);
            } else {
                raw.append('%').append(Character.forDigit(c / HEX, HEX)).append(Character.forDigit(c % HEX, HEX));
            }
        }
        return Path.of(URI.create(raw.toString()));
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < ASCII_END); // what is no character of the locale is U+FFFD
    }

    /** Java puts a slash behind what is a directory. */
    private static String raw(Path path, String text) {
        String raw = path.toUri().getRawPath();
        return raw.endsWith("/") && !text.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw;
    }

    private static byte[] bytes(Path path, String raw) throws IOException {
        byte[] bytes = new byte[raw.length()];
        int count = 0;
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c == '%') {
                bytes[count++] = (byte) Integer.parseInt(raw.substring(i + 1, i + 3), HEX);
                i += 2;
            } else {
                bytes[count++] = (byte) c;
            }
        }
        byte[] name = Arrays.copyOf(bytes, count);
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name));
        } catch (CharacterCodingException e) {
            throw new IOException(path + " has a name, or is a link to one, that is not UTF-8 (" + raw
                    + "): no archive could be read everywhere that has it");
        }
        return name;
    }
}
