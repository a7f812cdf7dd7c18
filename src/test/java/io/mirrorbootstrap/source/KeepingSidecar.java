package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

import io.mirrorbootstrap.snapshot.Announcement;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.vertx.core.http.ServerWebSocket;

/** A scripted sidecar that goes on with what it has, and makes something durable only when a test says so, or when it is asked. */
class KeepingSidecar implements AutoCloseable {

    final List<Announcement> opens = new CopyOnWriteArrayList<>();
    final List<ReceivedChunk> chunks = new CopyOnWriteArrayList<>();
    final List<String> aborts = new CopyOnWriteArrayList<>();
    final ScriptedSidecar server;
    private final int chunkBytes;
    private final boolean takesZstd;
    /** Event loop only. */
    private byte[] received = new byte[0];
    private int linkNumber;

    KeepingSidecar(int chunkBytes) throws Exception {
        this(chunkBytes, false);
    }

    KeepingSidecar(int chunkBytes, boolean takesZstd) throws Exception {
        this.chunkBytes = chunkBytes;
        this.takesZstd = takesZstd;
        this.server = new ScriptedSidecar((vertx, link) -> {
            int number = ++linkNumber;
            link.textMessageHandler(text -> heard(number, link, text));
            link.binaryMessageHandler(message -> take(number, link, ReceivedChunk.of(message)));
        });
    }

    Endpoint endpoint() {
        return server.endpoint();
    }

    private void heard(int number, ServerWebSocket link, String text) {
        if (JsonMessages.control(text) instanceof Control.Open open) {
            opens.add(open.snapshot());
            link.writeTextMessage(answer(number, received));
            opened(number, link);
        } else {
            aborts.add(text);
            link.writeTextMessage(ScriptedSidecar.aborted());
        }
    }

    private void take(int number, ServerWebSocket link, ReceivedChunk chunk) {
        chunks.add(chunk);
        if (chunk.offset() == 0) {
            received = new byte[0];
        }
        if (chunk.offset() != received.length) {
            link.close((short) 1002, "not at " + received.length + ", but " + chunk.offset());
            return;
        }
        byte[] data = chunk.data();
        received = Arrays.copyOf(received, received.length + data.length);
        System.arraycopy(data, 0, received, received.length - data.length, data.length);
        received(number, link, chunk);
    }

    /** The bytes that are there. */
    byte[] bytes() {
        return received;
    }

    /** The answer to {@code open}. */
    String answer(int number, byte[] bytes) {
        return opened(bytes.length, bytes);
    }

    final String opened(int offset, byte[] bytes) {
        received = Arrays.copyOf(bytes, offset);
        String opened = ScriptedSidecar.opened(offset, chunkBytes,
                offset == 0 ? Optional.empty() : Optional.of(Crc32c.of(ByteBuffer.wrap(received))));
        return takesZstd ? opened.replaceAll("}$", ",\"compression\":\"zstd\"}") : opened;
    }

    /** An {@code open} was answered. */
    void opened(int number, ServerWebSocket link) {
        // most sidecars wait for what comes
    }

    /** A chunk was taken. */
    void received(int number, ServerWebSocket link, ReceivedChunk chunk) {
        link.writeTextMessage(chunk.isDone()
                ? committed()
                : ScriptedSidecar.pending(received.length,
                        chunk.data().length == 0 ? received.length : 0));
    }

    String committed() {
        return ScriptedSidecar.committed(1, received.length, Crc32c.of(ByteBuffer.wrap(received)));
    }

    static void cut(ServerWebSocket link) {
        link.close((short) 1012, "restarting");
    }

    @Override
    public void close() {
        server.close();
    }
}
