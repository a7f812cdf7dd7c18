package io.mirrorbootstrap.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;
import org.msgpack.value.ValueType;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.SnapshotIdentity;
import io.mirrorbootstrap.wire.ChunkDecoder;

/**
 * Whatever the bytes: a chunk is refused or read, and which of the two, why, and what is read do not depend on where the
 * message is cut. What is read is what msgpack-core's values say, to the last byte of the message.
 */
class ChunkDecoderFuzzTest {

    private static final int MAX_CHUNK_BYTES = 100;

    private static final List<String> KEYS = List.of("source_cluster_id", "source_database_id", "snapshot_lsn",
            "total_bytes", "total_crc32c", "offset", "data", "done", "chunk_crc32c");

    /** What is known when the message is over; of a refused one only what the answer says. */
    private record Outcome(Optional<Refusal> refusal, Optional<DatabaseId> database, Optional<ChunkDecoder.Head> head,
            ByteBuffer payload, boolean done, Optional<Crc32c> chunkCrc32c) {
    }

    /** @param input how many lengths of pieces follow (mod 8); these lengths, used in turn; the message */
    @FuzzTest
    void isReadTheSameHoweverItIsCut(byte[] input) throws IOException {
        int lengths = input.length == 0 ? 0 : Math.min(input[0] & 7, input.length - 1);
        byte[] pieces = Arrays.copyOfRange(input, Math.min(1, input.length), Math.min(1, input.length) + lengths);
        byte[] message = Arrays.copyOfRange(input, Math.min(1, input.length) + lengths, input.length);

        Outcome whole = decode(message, new byte[0]);

        assertEquals(whole, decode(message, pieces));
        if (whole.refusal().isEmpty()) {
            assertEquals(values(message), whole);
        }
    }

    private static Outcome decode(byte[] message, byte[] pieces) {
        ChunkDecoder decoder = new ChunkDecoder(MAX_CHUNK_BYTES, false);
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        Consumer<ByteBuffer> collect = slice -> {
            byte[] bytes = new byte[slice.remaining()];
            slice.get(bytes);
            payload.writeBytes(bytes);
            assertTrue(payload.size() <= MAX_CHUNK_BYTES, "more payload than allowed");
        };
        try {
            for (int at = 0, i = 0; at < message.length; i++) {
                int length = pieces.length == 0 ? message.length : 1 + (pieces[i % pieces.length] & 0xFF);
                byte[] piece = Arrays.copyOfRange(message, at, Math.min(message.length, at + length));
                ByteBuffer buffer = ByteBuffer.wrap(piece);
                decoder.feed(buffer, collect);
                assertFalse(buffer.hasRemaining());
                Arrays.fill(piece, (byte) 0); // it was lent for the call only
                at += piece.length;
            }
            decoder.finish(collect);
        } catch (RefusedException e) {
            return new Outcome(Optional.of(e.refusal()), decoder.database(), Optional.empty(),
                    ByteBuffer.allocate(0),
                    false, Optional.empty());
        }
        return new Outcome(Optional.empty(), decoder.database(), decoder.head(), ByteBuffer.wrap(payload.toByteArray()),
                decoder.done(), decoder.chunkCrc32c());
    }

    /** An accepted message, all of it, read the simplest way. */
    private static Outcome values(byte[] message) throws IOException {
        Map<String, Value> fields = new HashMap<>();
        try (MessageUnpacker in = MessagePack.newDefaultUnpacker(message)) {
            if (in.getNextFormat().getValueType() == ValueType.ARRAY) {
                assertEquals(8, in.unpackArrayHeader());
                for (String key : KEYS.subList(0, 8)) {
                    fields.put(key, in.unpackValue());
                }
            } else {
                for (int left = in.unpackMapHeader(); left > 0; left--) {
                    String key = in.unpackString();
                    if (!KEYS.contains(key)) {
                        in.skipValue();
                    } else if (fields.put(key, in.unpackValue()) != null) {
                        throw new AssertionError(key + " was accepted twice");
                    }
                }
            }
            assertEquals(message.length, in.getTotalReadBytes());
        }
        DatabaseId database = new DatabaseId(fields.get("source_database_id").asStringValue().asString());
        SnapshotIdentity identity = new SnapshotIdentity(fields.get("source_cluster_id").asStringValue().asString(),
                database, number(fields.get("snapshot_lsn")), number(fields.get("total_bytes")),
                crc(fields.get("total_crc32c")));
        return new Outcome(Optional.empty(), Optional.of(database),
                Optional.of(new ChunkDecoder.Head(identity, number(fields.get("offset")))), data(fields.get("data")),
                fields.get("done").asBooleanValue().getBoolean(),
                Optional.ofNullable(fields.get("chunk_crc32c")).filter(crc -> !crc.isNilValue())
                        .map(ChunkDecoderFuzzTest::crc));
    }

    private static long number(Value value) {
        return value.asIntegerValue().asLong();
    }

    private static Crc32c crc(Value value) {
        assertEquals(0, number(value) >>> 32);
        return new Crc32c((int) number(value));
    }

    private static ByteBuffer data(Value value) {
        if (value.isBinaryValue()) {
            return value.asBinaryValue().asByteBuffer();
        }
        ByteBuffer data = ByteBuffer.allocate(value.asArrayValue().size());
        for (Value element : value.asArrayValue()) {
            assertEquals(0, number(element) >>> 8);
            data.put((byte) number(element));
        }
        return data.flip();
    }
}
