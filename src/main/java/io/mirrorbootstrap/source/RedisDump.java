package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The head of a dump of Redis or Valkey (RDB): magic and version, then fields of two texts each, among them how far replication was. One
 * thread.
 */
final class RedisDump {

    private static final Pattern MAGIC = Pattern.compile("REDIS[0-9]{4}|VALKEY[0-9]{3}");
    private static final int MAGIC_LENGTH = 9;

    private static final int FIELD = 0xFA;

    /** What the six low bits of a length's first byte mean where its two high bits are {@code 10}: so many bits follow. */
    private static final int BITS_32 = 0;
    private static final int BITS_64 = 1;

    /** What they mean where the high bits are {@code 11}: a number in place of a text, or a text that is compressed. */
    private static final int INT_8 = 0;
    private static final int INT_16 = 1;
    private static final int INT_32 = 2;
    private static final int COMPRESSED = 3;

    private static final Pattern OFFSET = Pattern.compile("[0-9]{1,19}");
    private static final Pattern ID = Pattern.compile("[0-9a-f]{40}");

    private final ByteBuffer bytes;

    private RedisDump(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /** @param bytes the first ones, from 0 to the limit; consumed */
    static Optional<SnapshotHead> head(ByteBuffer bytes) {
        if (!MAGIC.matcher(SnapshotHead.text(bytes, 0, MAGIC_LENGTH)).matches()) {
            return Optional.empty();
        }
        bytes.position(MAGIC_LENGTH);
        Map<String, String> fields = new RedisDump(bytes).fields();
        String offset = fields.getOrDefault("repl-offset", "");
        long lsn = OFFSET.matcher(offset).matches() ? Long.parseUnsignedLong(offset) : -1; // past 2^63-1 it is negative
        if (lsn < 0) {
            return Optional.empty();
        }
        Optional<String> id = Optional.ofNullable(fields.get("repl-id")).filter(name -> ID.matcher(name).matches());
        return Optional.of(new SnapshotHead(lsn, id.map(name -> name + ":" + lsn),
                "this is a dump of Redis, whose repl-offset is " + lsn));
    }

    /** Those before anything else, as far as they can be read. */
    private Map<String, String> fields() {
        Map<String, String> fields = new HashMap<>();
        while (bytes.hasRemaining() && (bytes.get() & 0xff) == FIELD) {
            Optional<String> name = text();
            Optional<String> value = name.flatMap(there -> text());
            if (value.isEmpty()) {
                break;
            }
            fields.put(name.get(), value.get());
        }
        return fields;
    }

    /** Empty where the bytes end before it, or it is none. */
    private Optional<String> text() {
        if (!bytes.hasRemaining()) {
            return Optional.empty();
        }
        int first = bytes.get() & 0xff;
        return first >> 6 == 3 ? special(first & 0x3f) : text(length(first));
    }

    private Optional<String> special(int kind) {
        return switch (kind) {
            case INT_8 -> bytes.remaining() < Byte.BYTES ? Optional.empty() : Optional.of(String.valueOf(bytes.get()));
            case INT_16 -> bytes.remaining() < Short.BYTES
                    ? Optional.empty()
                    : Optional.of(String.valueOf(little().getShort()));
            case INT_32 -> bytes.remaining() < Integer.BYTES
                    ? Optional.empty()
                    : Optional.of(String.valueOf(little().getInt()));
            case COMPRESSED -> {
                long compressed = length();
                long whole = length();
                // passed over: of the fields that count only repl-id is long enough, and it repeats nothing
                yield whole < 0 ? Optional.empty() : text(compressed).map(unread -> "");
            }
            default -> Optional.empty();
        };
    }

    /** The numbers in place of texts are the only ones whose lowest byte is the first. */
    private ByteBuffer little() {
        return bytes.order(ByteOrder.LITTLE_ENDIAN);
    }

    private long length() {
        return bytes.hasRemaining() ? length(bytes.get() & 0xff) : -1;
    }

    /** In bytes; below 0 where it is none. */
    private long length(int first) {
        int low = first & 0x3f;
        bytes.order(ByteOrder.BIG_ENDIAN);
        return switch (first >> 6) {
            case 0 -> low;
            case 1 -> bytes.hasRemaining() ? low << Byte.SIZE | bytes.get() & 0xff : -1;
            case 2 -> low == BITS_32 && bytes.remaining() >= Integer.BYTES
                    ? Integer.toUnsignedLong(bytes.getInt())
                    : low == BITS_64 && bytes.remaining() >= Long.BYTES ? bytes.getLong() : -1;
            default -> -1;
        };
    }

    private Optional<String> text(long length) {
        if (length < 0 || length > bytes.remaining()) {
            return Optional.empty();
        }
        String text = SnapshotHead.text(bytes, bytes.position(), (int) length);
        bytes.position(bytes.position() + (int) length);
        return Optional.of(text);
    }
}
