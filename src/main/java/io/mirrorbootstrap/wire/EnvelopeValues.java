package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.nio.charset.CodingErrorAction;
import java.util.Locale;

import org.msgpack.core.MessageIntegerOverflowException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageSizeException;
import org.msgpack.core.MessageStringCodingException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ValueType;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;

/**
 * Single values of an envelope: each is read by msgpack-core and checked for its type and range. Each method throws a
 * {@link RefusedException} with {@link Refusal.MalformedChunk} that names the field, where the value is not what it must be, and
 * what msgpack-core throws where there are too few bytes. No state.
 */
final class EnvelopeValues {

    /** How deep values of unknown keys may be nested. */
    private static final int MAX_DEPTH = 16;

    private static final MessagePack.UnpackerConfig UNPACKER = new MessagePack.UnpackerConfig()
            .withStringSizeLimit(ChunkDecoder.MAX_ENVELOPE_BYTES)
            .withActionOnMalformedString(CodingErrorAction.REPORT)
            .withActionOnUnmappableString(CodingErrorAction.REPORT);

    private EnvelopeValues() {
    }

    /** Reads the bytes that wait in {@code window}. */
    static MessageUnpacker of(EnvelopeWindow window) {
        return UNPACKER.newUnpacker(window.array(), window.start(), window.length());
    }

    static ValueType type(MessageUnpacker in) throws IOException {
        return in.getNextFormat().getValueType();
    }

    static String key(MessageUnpacker in) throws IOException {
        ValueType type = type(in);
        if (type != ValueType.STRING) {
            throw malformed("a key of the chunk's map is of type " + name(type) + ", it must be a string");
        }
        return text("a key of the chunk's map", in);
    }

    static String string(ChunkField field, MessageUnpacker in) throws IOException {
        expect(field, in, ValueType.STRING);
        return text(field.key(), in);
    }

    private static String text(String what, MessageUnpacker in) throws IOException {
        try {
            return in.unpackString();
        } catch (MessageStringCodingException e) {
            throw malformed(what + " is not UTF-8");
        } catch (MessageSizeException e) {
            throw malformed(what + " has " + e.getSize() + " bytes, it may have at most "
                    + ChunkDecoder.MAX_ENVELOPE_BYTES);
        }
    }

    /** From 0 to 2^63-1. */
    static long number(ChunkField field, MessageUnpacker in) throws IOException {
        return number(field, in, Long.MAX_VALUE);
    }

    static Crc32c crc(ChunkField field, MessageUnpacker in) throws IOException {
        return new Crc32c((int) number(field, in, Fields.MAX_CRC32C));
    }

    private static long number(ChunkField field, MessageUnpacker in, long max) throws IOException {
        expect(field, in, ValueType.INTEGER);
        long value;
        try {
            value = in.unpackLong();
        } catch (MessageIntegerOverflowException e) {
            throw malformed(field.key() + " is " + e.getBigInteger() + ", it must be from 0 to " + max);
        }
        if (value < 0 || value > max) {
            throw malformed(field.key() + " is " + value + ", it must be from 0 to " + max);
        }
        return value;
    }

    static boolean bool(ChunkField field, MessageUnpacker in) throws IOException {
        expect(field, in, ValueType.BOOLEAN);
        return in.unpackBoolean();
    }

    private static void expect(ChunkField field, MessageUnpacker in, ValueType expected) throws IOException {
        ValueType type = type(in);
        if (type != expected) {
            throw malformed(field.key() + " is of type " + name(type) + ", it must be " + name(expected));
        }
    }

    /** Passes over the value of a key that is unknown. Not {@code skipValue}, which adds up lengths without a check. */
    static void skip(MessageUnpacker in) throws IOException {
        skip(in, 1);
    }

    private static void skip(MessageUnpacker in, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw malformed("values are nested more than " + MAX_DEPTH + " deep");
        }
        switch (type(in)) {
            case ARRAY:
                for (int left = in.unpackArrayHeader(); left > 0; left--) {
                    skip(in, depth + 1);
                }
                break;
            case MAP:
                for (int left = in.unpackMapHeader(); left > 0; left--) {
                    skip(in, depth + 1);
                    skip(in, depth + 1);
                }
                break;
            case STRING:
                text("a string of an unknown key", in);
                break;
            default :
                in.skipValue();
        }
    }

    /** The type's name, for a person. */
    static String name(ValueType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    static RefusedException malformed(String reason) {
        return new RefusedException(new Refusal.MalformedChunk(reason));
    }
}
