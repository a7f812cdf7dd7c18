package io.mirrorbootstrap.wire;

import static io.mirrorbootstrap.wire.EnvelopeValues.malformed;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

import org.msgpack.core.MessageInsufficientBufferException;
import org.msgpack.core.MessageIntegerOverflowException;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageSizeException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.ValueType;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/**
 * Reads one chunk's message while it arrives, in pieces cut anywhere. The payload is handed on as it comes, never collected. All
 * else, the envelope, is collected ({@link EnvelopeWindow}) and read a field at a time ({@link EnvelopeValues}).
 * <p>
 * Nothing is allocated on the word of the sender: an envelope may have {@value #MAX_ENVELOPE_BYTES} bytes, and the work is linear
 * in the bytes received, however small the pieces are. One message per instance, one thread at a time.
 */
public final class ChunkDecoder {

    /** The most bytes of a message that are not payload. */
    public static final int MAX_ENVELOPE_BYTES = 64 * 1024;

    /** How many keys a map may have: unknown keys are remembered, to find one that is there twice. */
    private static final int MAX_ENTRIES = 64;

    /** A frame of what does not shrink may be longer than its payload by a part of it, one in so many bytes. */
    private static final int FRAME_SHARE = 8;

    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private enum Stage {
        HEADER, FIELDS, DATA, COMPLETE
    }

    /**
     * What must be known before a payload has a place.
     *
     * @param offset position of the payload's first byte in the snapshot, in bytes, 0 to 2^63-1
     */
    public record Head(SnapshotIdentity identity, long offset) {
    }

    private final int maxChunkBytes;
    private final boolean takesZstd;
    private final EnvelopeWindow window = new EnvelopeWindow(MAX_ENVELOPE_BYTES);
    private final Envelope envelope = new Envelope();

    private Stage stage = Stage.HEADER;
    private boolean arrayForm;
    private int fieldsLeft;
    private Optional<DataValue> data = Optional.empty();

    /**
     * @param maxChunkBytes the largest payload, in bytes
     * @param takesZstd whether the payload may be compressed, as is agreed on
     */
    public ChunkDecoder(int maxChunkBytes, boolean takesZstd) {
        this.maxChunkBytes = maxChunkBytes;
        this.takesZstd = takesZstd;
    }

    /**
     * Reads the next piece of the message, all of it.
     *
     * @param piece its remaining bytes, which are consumed; cut anywhere
     * @param payload takes slices of the payload as they come; a slice is only valid during the call
     * @throws RefusedException with {@link Refusal.MalformedChunk}, {@link Refusal.ChunkTooLarge} or
     *             {@link Refusal.InvalidDatabaseId}: the decoder is of no more use
     */
    public void feed(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        int begin = piece.position();
        while (piece.hasRemaining()) {
            switch (stage) {
                case DATA:
                    data(piece, payload);
                    break;
                case COMPLETE:
                    throw malformed("more bytes follow the end of the chunk");
                default :
                    envelope(piece, begin, payload);
            }
        }
    }

    /**
     * The message is over.
     *
     * @throws RefusedException with {@link Refusal.MalformedChunk} when the chunk is not
     */
    public void finish(Consumer<ByteBuffer> payload) {
        int waiting = window.length() + 1;
        while ((stage == Stage.HEADER || stage == Stage.FIELDS) && window.length() < waiting) {
            waiting = window.length();
            parse(NOTHING, 0, payload); // again where it has found data: what follows them has not been tried as a whole
        }
        switch (stage) {
            case COMPLETE:
                return;
            case DATA:
                throw malformed("the message ends " + data.orElseThrow().left() + " bytes before the end of its data");
            default :
                throw malformed("the message ends inside the envelope");
        }
    }

    /** Identity and offset, as soon as they are known. */
    public Optional<Head> head() {
        return envelope.head();
    }

    /** The database, as soon as it is known. */
    public Optional<DatabaseId> database() {
        return envelope.database();
    }

    /** Whether it is the last chunk; known when {@link #finish} has returned. */
    public boolean done() {
        return envelope.done();
    }

    /** What the payload's CRC-32C must be, where the source says it; known when {@link #finish} has returned. */
    public Optional<Crc32c> chunkCrc32c() {
        return envelope.chunkCrc32c();
    }

    /** From where to follow the snapshot, where the source says it; known when {@link #finish} has returned. */
    public Optional<String> position() {
        return envelope.position();
    }

    /** How many bytes the payload yields that was handed on compressed, as one zstd frame; known when {@link #finish} has returned. */
    public OptionalInt dataBytes() {
        OptionalLong bytes = envelope.dataBytes();
        return bytes.isPresent() ? OptionalInt.of((int) bytes.getAsLong()) : OptionalInt.empty();
    }

    /** Whether what is handed on is compressed, or may yet turn out to be: what says so may come behind it. */
    public boolean mayBeCompressed() {
        boolean mayBeSaid = takesZstd && !arrayForm && stage != Stage.COMPLETE && fieldsLeft > 1
                && !envelope.saysEncoding();
        return envelope.isEncoded() || mayBeSaid;
    }

    private void data(ByteBuffer piece, Consumer<ByteBuffer> payload) {
        DataValue value = data.orElseThrow();
        value.take(piece, payload);
        dataEnds(value);
    }

    private void dataEnds(DataValue value) {
        if (value.left() == 0) {
            stage = Stage.FIELDS;
            envelope.has(ChunkField.DATA);
            fieldRead();
        }
    }

    private void envelope(ByteBuffer piece, int begin, Consumer<ByteBuffer> payload) {
        if (window.isFull()) {
            throw malformed("what is not data takes more than " + MAX_ENVELOPE_BYTES + " bytes");
        }
        if (window.take(piece)) {
            parse(piece, begin, payload);
        }
    }

    /** Reads fields until the bytes in the window, or the fields, are used up, or the payload begins. */
    private void parse(ByteBuffer piece, int begin, Consumer<ByteBuffer> payload) {
        int start = window.start();
        try (MessageUnpacker in = EnvelopeValues.of(window)) {
            if (stage == Stage.HEADER) {
                header(in);
                window.readTo(start + (int) in.getTotalReadBytes());
            }
            while (stage == Stage.FIELDS) {
                if (arrayForm) {
                    read(ChunkField.at(ChunkField.REQUIRED.size() - fieldsLeft), in);
                } else {
                    entry(EnvelopeValues.key(in), in);
                }
                window.readTo(start + (int) in.getTotalReadBytes());
            }
        } catch (MessageInsufficientBufferException e) {
            window.needsMore();
        } catch (MessageIntegerOverflowException e) {
            throw malformed("an integer is " + e.getBigInteger() + ", it must be from 0 to " + Long.MAX_VALUE);
        } catch (MessageSizeException e) {
            throw malformed("a length is " + e.getSize() + ", which is more than a chunk may have");
        } catch (MessagePackException e) {
            throw malformed("not the MessagePack of a chunk: " + e.getMessage());
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
        if (stage == Stage.DATA || stage == Stage.COMPLETE) {
            feed(window.giveBack(piece, begin), payload); // bytes that were taken for envelope
        }
    }

    private void header(MessageUnpacker in) throws IOException {
        ValueType type = EnvelopeValues.type(in);
        if (type == ValueType.ARRAY) {
            arrayForm = true;
            fieldsLeft = in.unpackArrayHeader();
            if (fieldsLeft != ChunkField.REQUIRED.size()) {
                throw malformed(
                        "a chunk in array form has " + ChunkField.REQUIRED.size() + " values, not " + fieldsLeft);
            }
        } else if (type == ValueType.MAP) {
            fieldsLeft = in.unpackMapHeader();
            if (fieldsLeft > MAX_ENTRIES) {
                throw malformed("a chunk's map has at most " + MAX_ENTRIES + " entries, not " + fieldsLeft);
            }
        } else {
            throw malformed("a chunk is a map or an array, not a value of type " + EnvelopeValues.name(type));
        }
        stage = Stage.FIELDS;
        completeAtZero();
    }

    private void entry(String key, MessageUnpacker in) throws IOException {
        Optional<ChunkField> field = ChunkField.of(key);
        if (field.isPresent()) {
            read(field.get(), in);
            return;
        }
        envelope.skip(key, in);
        fieldRead();
    }

    private void read(ChunkField field, MessageUnpacker in) throws IOException {
        envelope.requireNew(field);
        if (field == ChunkField.DATA) {
            data(in);
        } else {
            envelope.read(field, in);
            fieldRead();
        }
    }

    private void data(MessageUnpacker in) throws IOException {
        DataValue value = DataValue.begin(in, maxChunkBytes);
        requireSize(value.length(),
                mayBeCompressed() ? (long) maxChunkBytes + maxChunkBytes / FRAME_SHARE : maxChunkBytes);
        data = Optional.of(value);
        stage = Stage.DATA;
        dataEnds(value);
    }

    /** @param max the most bytes that {@code bytes} may be */
    private void requireSize(long bytes, long max) {
        if (bytes > max) {
            throw new RefusedException(new Refusal.ChunkTooLarge(maxChunkBytes));
        }
    }

    private void fieldRead() {
        fieldsLeft--;
        completeAtZero();
    }

    private void completeAtZero() {
        if (fieldsLeft <= 0) {
            envelope.requireAll();
            if (envelope.isEncoded() && !takesZstd) {
                throw malformed(Fields.ENCODING + " is not agreed on: open must offer it, and opened take it");
            }
            requireSize(envelope.dataBytes().orElse(data.orElseThrow().length()), maxChunkBytes);
            stage = Stage.COMPLETE;
        }
    }
}
