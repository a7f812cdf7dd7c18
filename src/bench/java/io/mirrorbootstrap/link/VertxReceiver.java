package io.mirrorbootstrap.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mirrorbootstrap.bench.LoneSource;
import io.mirrorbootstrap.mirror.MirrorSettings;
import io.mirrorbootstrap.mirror.Mirrors;
import io.mirrorbootstrap.mirror.TestMirrors;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.snapshot.SnapshotDirectory;
import io.mirrorbootstrap.snapshot.ToldApart;
import io.mirrorbootstrap.snapshot.TransferEvent.KeptReason;
import io.mirrorbootstrap.store.LocalDisk;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.Protocol;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.NetSocket;
import io.vertx.core.streams.ReadStream;

/**
 * What the service would cost at least if it took what Vert.x documents and nothing else: the same rules and files behind frames of
 * Vert.x, or behind {@code HttpServerRequest.toNetSocket()} and the service's own frames. No access, no limits, no pings, no shares:
 * all that costs something more in the service.
 */
public final class VertxReceiver {

    /** So many bytes of a link wait at most before it is paused. */
    private static final long SHARE_BYTES = 1024 * 1024;

    private final Mirrors mirrors;
    private final LinkLimits limits;

    private VertxReceiver(Path directory) {
        MirrorSettings settings = TestMirrors.settings(Map.of("data-dir", directory.toString()));
        limits = new LinkLimits(settings, () -> ToldApart.NOT);
        mirrors = TestMirrors.on(new LocalDisk(directory.resolve(SnapshotDirectory.NAME), ".lock", Duration.ZERO),
                settings);
    }

    /** @param arguments port, directory, and {@code frames} or {@code socket} */
    public static void main(String[] arguments) {
        VertxReceiver receiver = new VertxReceiver(Path.of(arguments[1]));
        HttpServer server = Vertx.vertx().createHttpServer(new HttpServerOptions()
                .setWebSocketSubProtocols(List.of(Protocol.SUBPROTOCOL))
                .setMaxWebSocketFrameSize(receiver.limits.maxFrameBytes())
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false));
        if (arguments[2].equals("frames")) {
            server.webSocketHandler(receiver::frames)
                    .requestHandler(request -> request.response().setStatusCode(404).end());
        } else {
            server.requestHandler(receiver::socket);
        }
        server.listen(Integer.parseInt(arguments[0]), "127.0.0.1");
    }

    private void frames(ServerWebSocket webSocket) {
        Reading reading = new Reading(webSocket, answer -> webSocket.writeTextMessage(JsonMessages.write(answer)));
        boolean[] isText = new boolean[1];
        webSocket.frameHandler(frame -> {
            if (frame.isText() || frame.isBinary()) {
                isText[0] = frame.isText();
            }
            boolean text = isText[0];
            boolean last = frame.isFinal();
            if (frame.isText() || frame.isBinary() || frame.isContinuation()) {
                Buffer data = frame.binaryData();
                reading.add(data.length(),
                        () -> reading.take(new Frame.Piece(text, data.getByteBuf().nioBuffer(), last)));
            }
        });
        webSocket.closeHandler(closed -> reading.end());
    }

    private void socket(HttpServerRequest request) {
        String key = request.getHeader("Sec-WebSocket-Key");
        request.response().putHeader("Sec-WebSocket-Accept", Upgrade.accept(key)).putHeader("Upgrade", "websocket")
                .putHeader("Connection", "Upgrade");
        request.toNetSocket().onSuccess(this::socket);
    }

    private void socket(NetSocket socket) {
        FrameParser parser = new FrameParser(limits.maxFrameBytes());
        Reading reading = new Reading(socket,
                answer -> socket.write(Buffer.buffer(OutFrame.text(JsonMessages.write(answer)))));
        socket.handler(data -> reading.add(data.length(), () -> {
            ByteBuffer bytes = data.getByteBuf().nioBuffer();
            for (Optional<Frame> frame = parser.next(bytes); frame.isPresent(); frame = parser.next(bytes)) {
                if (frame.get() instanceof Frame.Piece piece) {
                    reading.take(piece);
                } else if (frame.get() instanceof Frame.Close) {
                    socket.close();
                }
            }
        }));
        socket.closeHandler(closed -> reading.end());
    }

    /** What one link brings, on a worker of its own. */
    private final class Reading {

        private final ExecutorService worker = Executors.newSingleThreadExecutor();
        private final MessageReader reader = new MessageReader(mirrors, new LoneSource(), limits, new HeapRoom(),
                new LinkMeters(new SimpleMeterRegistry()), more -> {
                });
        private final AtomicLong waiting = new AtomicLong();
        private final ReadStream<?> stream;
        private final Consumer<Answer> answers;

        private Reading(ReadStream<?> stream, Consumer<Answer> answers) {
            this.stream = stream;
            this.answers = answers;
        }

        private void add(int bytes, Runnable work) {
            if (waiting.addAndGet(bytes) >= SHARE_BYTES) {
                stream.pause();
                resumeUnderHalf(); // the worker may have been faster
            }
            worker.execute(() -> {
                try {
                    work.run();
                } catch (RuntimeException | Error e) {
                    e.printStackTrace();
                }
                waiting.addAndGet(-bytes);
                resumeUnderHalf();
            });
        }

        private void resumeUnderHalf() {
            if (waiting.get() <= SHARE_BYTES / 2) {
                stream.resume();
            }
        }

        private void take(Frame.Piece piece) {
            Optional<Answer> answer = reader.read(piece);
            while (reader.isUnfinished()) {
                if (reader.further() instanceof Further.Answered answered) {
                    answer = Optional.of(answered.answer());
                }
            }
            answer.ifPresent(answers);
        }

        private void end() {
            worker.execute(() -> {
                try {
                    reader.end(KeptReason.LINK_LOST);
                } catch (IOException e) {
                    e.printStackTrace();
                }
            });
            worker.shutdown();
        }
    }
}
