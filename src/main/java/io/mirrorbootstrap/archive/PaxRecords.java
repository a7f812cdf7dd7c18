package io.mirrorbootstrap.archive;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The records of pax that stand in front of a member: {@code LENGTH KEY=VALUE\n}, one behind another. */
record PaxRecords(Map<String, String> values) {

    static final PaxRecords NONE = new PaxRecords(Map.of());

    private static final Pattern TIME = Pattern.compile("(-?\\d{1,11})(?:\\.(\\d{1,9})\\d*)?");
    private static final Pattern SIZE = Pattern.compile("\\d{1,18}");
    private static final int MOST_DIGITS = 8;
    private static final int NANO_DIGITS = 9;

    /** @throws RefusedException when they are none */
    static PaxRecords of(byte[] bytes) throws RefusedException {
        Map<String, String> values = new HashMap<>();
        for (int at = 0; at < bytes.length;) {
            int blank = at;
            int length = 0;
            while (blank < bytes.length && bytes[blank] >= '0' && bytes[blank] <= '9' && blank - at < MOST_DIGITS) {
                length = 10 * length + bytes[blank++] - '0';
            }
            int end = at + length;
            if (end <= blank + 1 || end > bytes.length || bytes[blank] != ' ' || bytes[end - 1] != '\n') {
                throw new RefusedException("it has an extended header that is none");
            }
            String record = utf8(bytes, blank + 1, end - 1);
            int equals = record.indexOf('=');
            if (equals < 1) {
                throw new RefusedException("it has an extended header that is none");
            }
            values.put(record.substring(0, equals), record.substring(equals + 1));
            at = end;
        }
        return new PaxRecords(values);
    }

    /**
     * Text of an archive.
     *
     * @throws RefusedException when it is no UTF-8
     */
    static String utf8(byte[] bytes, int from, int to) throws RefusedException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, to - from)).toString();
        } catch (CharacterCodingException e) {
            throw new RefusedException("it has a name that is not UTF-8: "
                    + new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
        }
    }

    Optional<String> text(String key) {
        return Optional.ofNullable(values.get(key)).filter(value -> !value.isEmpty());
    }

    /** In bytes. */
    Optional<Long> size() throws RefusedException {
        Optional<String> text = text("size");
        if (text.filter(size -> !SIZE.matcher(size).matches()).isPresent()) {
            throw new RefusedException("it has a size that is none: " + text.get());
        }
        return text.map(Long::valueOf);
    }

    Optional<Instant> modified() throws RefusedException {
        Optional<String> text = text("mtime");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Matcher time = TIME.matcher(text.get());
        if (!time.matches()) {
            throw new RefusedException("it has a time that is none: " + text.get());
        }
        String fraction = time.group(2) == null ? "" : time.group(2);
        long nanos = Long.parseLong(fraction + "0".repeat(NANO_DIGITS - fraction.length()));
        return Optional.of(
                Instant.ofEpochSecond(Long.parseLong(time.group(1)), text.get().startsWith("-") ? -nanos : nanos));
    }

    /** The first key that begins so. */
    Optional<String> startingWith(String prefix) {
        return values.keySet().stream().filter(key -> key.startsWith(prefix)).findFirst();
    }
}
