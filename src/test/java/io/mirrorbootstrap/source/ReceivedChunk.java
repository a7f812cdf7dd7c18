package io.mirrorbootstrap.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;

import com.github.luben.zstd.Zstd;

import io.vertx.core.buffer.Buffer;

/** A chunk as it came, in its map form. */
record ReceivedChunk(Map<String, Value> fields) {

    static ReceivedChunk of(Buffer message) {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(message.getBytes())) {
            Map<String, Value> fields = new HashMap<>();
            for (int left = unpacker.unpackMapHeader(); left > 0; left--) {
                fields.put(unpacker.unpackString(), unpacker.unpackValue());
            }
            return new ReceivedChunk(fields);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long number(String name) {
        return fields.get(name).asIntegerValue().asLong();
    }

    long offset() {
        return number("offset");
    }

    /** Also where it came compressed. */
    byte[] data() {
        byte[] data = fields.get("data").asBinaryValue().asByteArray();
        return isCompressed() ? Zstd.decompress(data, (int) number("data_bytes")) : data;
    }

    boolean isCompressed() {
        return fields.containsKey("encoding");
    }

    long end() {
        return offset() + data().length;
    }

    boolean isDone() {
        return fields.get("done").asBooleanValue().getBoolean();
    }

    Optional<String> position() {
        return Optional.ofNullable(fields.get("position")).map(value -> value.asStringValue().asString());
    }
}
