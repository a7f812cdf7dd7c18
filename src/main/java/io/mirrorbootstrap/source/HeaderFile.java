package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Headers that a server of snapshots asks for, one a line: {@code Name: value}. Lines that are blank or begin with {@code #} are none. The
 * values are secrets. It is read again for each connection, so that a token that was replaced counts for the next.
 *
 * @param file a regular file of at most {@value #MAX_BYTES} bytes
 */
public record HeaderFile(Path file) {

    static final int MAX_BYTES = 64 * 1024;

    private static final Pattern LINE = Pattern.compile("([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \\t]*([ -~\\t]*)");

    /** What is read, and how, is said by the request itself. */
    private static final Set<String> OWN = Set.of("host", "range", "if-match", "if-unmodified-since", "accept-encoding",
            "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te", "trailer");

    /**
     * The headers, by their names.
     *
     * @throws IOException when it cannot be used, with a sentence that has no value in it
     */
    public Map<String, String> read() throws IOException {
        byte[] bytes = SmallFile.readAgain(file, MAX_BYTES);
        Map<String, String> headers = new LinkedHashMap<>();
        int number = 0;
        for (String line : new String(bytes, StandardCharsets.ISO_8859_1).split("\r?\n", -1)) {
            number++;
            if (!line.isBlank() && !line.startsWith("#")) {
                add(headers, line, file + ", line " + number + ", ");
            }
        }
        if (headers.isEmpty()) {
            throw new IOException(file + " holds no header");
        }
        return headers;
    }

    private static void add(Map<String, String> headers, String line, String where) throws IOException {
        Matcher parts = LINE.matcher(line);
        if (!parts.matches()) {
            throw new IOException(where + "is no header: it must be Name: value, in printable ASCII characters");
        }
        String name = parts.group(1).toLowerCase(Locale.ROOT);
        if (OWN.contains(name)) {
            throw new IOException(where + "is the header " + name + ", which each request has already");
        } else if (headers.put(name, parts.group(2).strip()) != null) {
            throw new IOException(where + "is a second header " + name);
        }
    }
}
