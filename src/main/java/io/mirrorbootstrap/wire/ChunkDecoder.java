package io.mirrorbootstrap.wire;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

import org.msgpack.core.MessageInsufficientBufferException;
import org.msgpack.core.MessageIntegerOverflowException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ValueType;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.snapshot.Text;

/**
 * Reads one chunk's message while it arrives, in pieces cut anywhere: the payload is handed on as it comes, never
 * collected; everything else is collected and read by msgpack-core, a field at a time.
 * <p>
 * Nothing is allocated on the word of the sender: what is not payload may take {@value #MAX_ENVELOPE_BYTES} bytes, and
 * the work is linear in the bytes received however small the pieces are. One message per instance, one thread at a time.
 */
public final class ChunkDecoder {

    /** The most bytes of a message that are not payload. */
    public static final int MAX_ENVELOPE_BYTES = 64 * 1024;

    /** A piece of envelope to look at: more than any sane one has before its payload. */
    private static final int STEP_BYTES = 512;

    /** How many keys a map may have: those that are unknown are remembered, to find one that is there twice. */
    private static final int MAX_ENTRIES = 64;

    /** How deep values of unknown keys may be nested. */
    private static final int MAX_DEPTH = 16;

    private static final long UINT32_MAX = 0xFFFF_FFFFL;

    private static final MessagePack.UnpackerConfig UNPACKER = new MessagePack.UnpackerConfig()
            .withStringSizeLimit(MAX_ENVELOPE_BYTES)
            .withActionOnMalformedString(CodingErrorAction.REPORT)
            .withActionOnUnmappableString(CodingErrorAction.REPORT);

    /** The fields, in the order of the array form; the last is of the map form only. */
    private enum Field {
        SOURCE_CLUSTER_ID,
        SOURCE_DATABASE_ID,
        SNAPSHOT_LSN,
        TOTAL_BYTES,
        TOTAL_CRC32C,
        OFFSET,
        DATA,
        DONE,
        CHUNK_CRC32C;

        private static final Field[] ALL = values();
        private static final Set<Field> HEAD = EnumSet.range(SOURCE_CLUSTER_ID, OFFSET);
        private static final Set<Field> REQUIRED = EnumSet.range(SOURCE_CLUSTER_ID, DONE);

        private final String key = name().toLowerCase(Locale.ROOT);

        static Optional<Field> of(String key) {
            for (Field field : ALL) {
                if (field.key.equals(key)) {
                    return Optional.of(field);
                }
            }
            return Optional.empty();
        }
    }

    private enum Stage {
        HEADER, FIELDS, BINARY_DATA, ARRAY_DATA, COMPLETE
    }

    /**
     * What must be known before a payload has a place.
     *
     * @param offset position of the payload's first byte in the snapshot, in bytes, 0 to 2^63-1
     */
    public record Head(SnapshotIdentity identity, long offset) {
    }

    private final int maxChunkBytes;

    private Stage stage = Stage.HEADER;
    private boolean arrayForm;
    private int fieldsLeft;
    private final Set<Field> seen = EnumSet.noneOf(Field.class);
    private final Set<String> unknown = new HashSet<>();

    /** Envelope bytes: those before {@code parsed} are read, those up to {@code filled} are there. */
    private byte[] envelope = new byte[STEP_BYTES];
    private int parsed;
    private int filled;
    /** Reading again is worth it when so many are there: each try must have twice the bytes of the one before. */
    private int retryAt;
    private long envelopeBytes;

    private long dataLeft;
    private boolean elementOpen;

    private String cluster;
    private DatabaseId database;
    private long lsn;
    private long totalBytes;
    private Crc32c totalCrc32c;
    private long offset;
    private boolean done;
    private Crc32c chunkCrc32c;

    /** @param maxChunkBytes the largest payload, in bytes */
    public ChunkDecoder(int maxChunkBytes) {
        this.maxChunkBytes = maxChunkBytes;
    }

    /**
     * Reads the next piece of the message, all of it.
     *
     * @param piece its remaining bytes, which are consumed; cut anywhere
     * @param payload takes slices of the payload as they come; a slice is only valid during the call
     * @throws RefusedException with {@link Refusal.MalformedEnvelope}, {@link Refusal.ChunkTooLarge} or
     *             {@link Refusal.InvalidDatabaseId}: the decoder is of no more use
     */
    public void feed(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        while (piece.hasRemaining()) {
            switch (stage) {
                case BINARY_DATA:
                    binaryData(piece, payload);
                    break;
                case ARRAY_DATA:
                    arrayData(piece, payload);
                    break;
                case COMPLETE:
                    throw malformed("more bytes follow the end of the chunk");
                default :
                    envelope(piece, payload);
            }
        }
    }

    /**
     * The message is over.
     *
     * @throws RefusedException with {@link Refusal.MalformedEnvelope} when the chunk is not
     */
    public void finish(Consumer<ByteBuffer> payload) {
        if (stage == Stage.HEADER || stage == Stage.FIELDS) {
            retryAt = 0;
            parse(ByteBuffer.allocate(0), payload);
        }
        switch (stage) {
            case COMPLETE:
                return;
            case BINARY_DATA:
            case ARRAY_DATA:
                throw malformed("the message ends " + dataLeft + " bytes before the end of its data");
            default :
                throw malformed("the message ends inside the envelope");
        }
    }

    /** Identity and offset, as soon as they are known. */
    public Optional<Head> head() {
        return seen.containsAll(Field.HEAD)
                ? Optional.of(new Head(new SnapshotIdentity(cluster, database, lsn, totalBytes, totalCrc32c), offset))
                : Optional.empty();
    }

    /** The database, as soon as it is known. */
    public Optional<DatabaseId> database() {
        return Optional.ofNullable(database);
    }

    /** Whether it is the last chunk; known when {@link #finish} has returned. */
    public boolean done() {
        return done;
    }

    /** What the payload's CRC-32C must be, where the source says it; known when {@link #finish} has returned. */
    public Optional<Crc32c> chunkCrc32c() {
        return Optional.ofNullable(chunkCrc32c);
    }

    private void binaryData(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        int length = (int) Math.min(dataLeft, piece.remaining());
        payload.accept(piece.slice(piece.position(), length));
        piece.position(piece.position() + length);
        dataLeft -= length;
        dataEndsAtZero();
    }

    /** The elements of an array are one byte below 128, else two. */
    private void arrayData(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        byte[] bytes = new byte[(int) Math.min(dataLeft, piece.remaining())];
        int length = 0;
        while (piece.hasRemaining() && dataLeft > 0) {
            byte next = piece.get();
            if (elementOpen) {
                elementOpen = false;
            } else if (next == MessagePack.Code.UINT8) {
                elementOpen = true;
                continue;
            } else if (next < 0) {
                throw malformed(
                        String.format(Locale.ROOT, "data as an array must have uint 8 elements, not type 0x%02x",
                                next));
            }
            bytes[length++] = next;
            dataLeft--;
        }
        payload.accept(ByteBuffer.wrap(bytes, 0, length));
        dataEndsAtZero();
    }

    private void dataEndsAtZero() {
        if (dataLeft == 0) {
            stage = Stage.FIELDS;
            fieldRead(Field.DATA);
        }
    }

    private void envelope(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        int room = (int) (MAX_ENVELOPE_BYTES - envelopeBytes - (filled - parsed));
        if (room == 0) {
            throw malformed("what is not data takes more than " + MAX_ENVELOPE_BYTES + " bytes");
        }
        int length = Math.min(Math.min(STEP_BYTES, room), piece.remaining());
        if (filled + length > envelope.length) {
            int kept = filled - parsed;
            byte[] to = kept + length > envelope.length / 2 ? new byte[envelope.length * 2] : envelope;
            System.arraycopy(envelope, parsed, to, 0, kept);
            envelope = to;
            retryAt = Math.max(0, retryAt - parsed);
            parsed = 0;
            filled = kept;
        }
        piece.get(envelope, filled, length);
        filled += length;
        if (filled >= retryAt || length == room) {
            parse(piece, payload);
        }
    }

    /** Reads fields until the envelope bytes, or the fields, are used up, or the payload begins. */
    private void parse(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        int start = parsed;
        try (MessageUnpacker in = UNPACKER.newUnpacker(envelope, start, filled - start)) {
            if (stage == Stage.HEADER) {
                header(in);
                parsed = start + (int) in.getTotalReadBytes();
            }
            while (stage == Stage.FIELDS) {
                if (arrayForm) {
                    read(Field.ALL[Field.REQUIRED.size() - fieldsLeft], in);
                } else {
                    entry(key(in), in);
                }
                parsed = start + (int) in.getTotalReadBytes();
            }
        } catch (MessageInsufficientBufferException e) {
            retryAt = parsed + 2 * (filled - parsed);
        } catch (MessageIntegerOverflowException e) {
            throw malformed("an integer is " + e.getBigInteger() + ", it must be from 0 to " + Long.MAX_VALUE);
        } catch (MessagePackException e) {
            throw malformed("not the MessagePack of a chunk: " + e.getMessage());
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
        envelopeBytes += parsed - start;
        if (stage == Stage.BINARY_DATA || stage == Stage.ARRAY_DATA || stage == Stage.COMPLETE) {
            surplus(piece, payload);
        }
    }

    /** What was taken for envelope and is not. */
    private void surplus(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        int surplus = filled - parsed;
        int from = parsed;
        parsed = 0;
        filled = 0;
        retryAt = 0;
        if (surplus <= piece.position()) {
            // given back rather than copied, so that the payload goes on in one piece
            piece.position(piece.position() - surplus);
        } else {
            feed(ByteBuffer.wrap(Arrays.copyOfRange(envelope, from, from + surplus)), payload);
        }
    }

    private void header(MessageUnpacker in) throws IOException {
        ValueType type = in.getNextFormat().getValueType();
        if (type == ValueType.ARRAY) {
            arrayForm = true;
            fieldsLeft = in.unpackArrayHeader();
            if (fieldsLeft != Field.REQUIRED.size()) {
                throw malformed("a chunk in array form has " + Field.REQUIRED.size() + " values, not " + fieldsLeft);
            }
        } else if (type == ValueType.MAP) {
            fieldsLeft = in.unpackMapHeader();
            if (fieldsLeft > MAX_ENTRIES) {
                throw malformed("a chunk's map has at most " + MAX_ENTRIES + " entries, not " + fieldsLeft);
            }
        } else {
            throw malformed("a chunk is a map or an array, not a value of type " + name(type));
        }
        stage = Stage.FIELDS;
        completeAtZero();
    }

    private void entry(String key, MessageUnpacker in) throws IOException {
        Optional<Field> field = Field.of(key);
        if (field.isPresent()) {
            read(field.get(), in);
            return;
        }
        skip(in, 1);
        if (!unknown.add(key)) {
            throw malformed(Text.quoted(key) + " is there twice");
        }
        fieldsLeft--;
        completeAtZero();
    }

    /** Passes over the value of a key that is unknown. Not {@code skipValue}, which believes what lengths add up to. */
    private static void skip(MessageUnpacker in, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw malformed("values are nested more than " + MAX_DEPTH + " deep");
        }
        switch (in.getNextFormat().getValueType()) {
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
                in.unpackString(); // it must be UTF-8
                break;
            default :
                in.skipValue();
        }
    }

    private static String key(MessageUnpacker in) throws IOException {
        ValueType type = in.getNextFormat().getValueType();
        if (type != ValueType.STRING) {
            throw malformed("a key of the chunk's map is of type " + name(type) + ", it must be a string");
        }
        return in.unpackString();
    }

    private void read(Field field, MessageUnpacker in) throws IOException {
        if (seen.contains(field)) {
            throw malformed(field.key + " is there twice");
        }
        switch (field) {
            case SOURCE_CLUSTER_ID:
                cluster = string(field, in);
                if (!SnapshotIdentity.isValidClusterId(cluster)) {
                    throw malformed("source_cluster_id " + Text.quoted(cluster) + " must have "
                            + SnapshotIdentity.CLUSTER_ID_RULE);
                }
                break;
            case SOURCE_DATABASE_ID:
                database = new DatabaseId(string(field, in));
                break;
            case SNAPSHOT_LSN:
                lsn = number(field, in, Long.MAX_VALUE);
                break;
            case TOTAL_BYTES:
                totalBytes = number(field, in, Long.MAX_VALUE);
                break;
            case TOTAL_CRC32C:
                totalCrc32c = new Crc32c((int) number(field, in, UINT32_MAX));
                break;
            case OFFSET:
                offset = number(field, in, Long.MAX_VALUE);
                break;
            case DATA:
                data(in);
                return;
            case DONE:
                expect(field, in, ValueType.BOOLEAN);
                done = in.unpackBoolean();
                break;
            case CHUNK_CRC32C:
                // encoders of optional values write nil for none
                chunkCrc32c = in.tryUnpackNil() ? null : new Crc32c((int) number(field, in, UINT32_MAX));
                break;
            default :
                throw new IllegalStateException("no such field: " + field);
        }
        fieldRead(field);
    }

    private void data(MessageUnpacker in) throws IOException {
        ValueType type = in.getNextFormat().getValueType();
        if (type == ValueType.BINARY) {
            dataLeft = in.unpackBinaryHeader();
            stage = Stage.BINARY_DATA;
        } else if (type == ValueType.ARRAY) {
            dataLeft = in.unpackArrayHeader();
            stage = Stage.ARRAY_DATA;
        } else {
            throw malformed("data is of type " + name(type) + ", it must be bin or an array of uint 8");
        }
        if (dataLeft > maxChunkBytes) {
            throw new RefusedException(new Refusal.ChunkTooLarge(maxChunkBytes));
        }
        dataEndsAtZero();
    }

    private void fieldRead(Field field) {
        seen.add(field);
        fieldsLeft--;
        completeAtZero();
    }

    private void completeAtZero() {
        if (fieldsLeft > 0) {
            return;
        }
        for (Field field : Field.REQUIRED) {
            if (!seen.contains(field)) {
                throw malformed(field.key + " is missing");
            }
        }
        stage = Stage.COMPLETE;
    }

    private static String string(Field field, MessageUnpacker in) throws IOException {
        expect(field, in, ValueType.STRING);
        return in.unpackString();
    }

    private static long number(Field field, MessageUnpacker in, long max) throws IOException {
        expect(field, in, ValueType.INTEGER);
        long value;
        try {
            value = in.unpackLong();
        } catch (MessageIntegerOverflowException e) {
            throw malformed(field.key + " is " + e.getBigInteger() + ", it must be from 0 to " + max);
        }
        if (value < 0 || value > max) {
            throw malformed(field.key + " is " + value + ", it must be from 0 to " + max);
        }
        return value;
    }

    private static void expect(Field field, MessageUnpacker in, ValueType expected) throws IOException {
        ValueType type = in.getNextFormat().getValueType();
        if (type != expected) {
            throw malformed(field.key + " is of type " + name(type) + ", it must be " + name(expected));
        }
    }

    private static String name(ValueType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    private static RefusedException malformed(String reason) {
        return new RefusedException(new Refusal.MalformedEnvelope(reason));
    }
}
