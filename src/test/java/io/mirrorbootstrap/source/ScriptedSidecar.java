package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Refusal;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.Control;
import io.mirrorbootstrap.wire.JsonMessages;
import io.mirrorbootstrap.wire.Protocol;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;

/** A peer that does what a test wants and a real sidecar hardly ever does. */
public final class ScriptedSidecar implements AutoCloseable {

    /** What it does with a link; on its event loop. */
    public interface Script {
        void on(Vertx vertx, ServerWebSocket link);
    }

    /** A base path below which nothing is upgraded. */
    static final String FORBIDDEN = "/forbidden";

    private static final String MIRRORS = "/v1/mirrors/";

    private static final DatabaseId DATABASE = Sending.ORIGIN.database();

    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private final Queue<String> statuses = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<ServerWebSocket> links = new LinkedBlockingQueue<>();

    public ScriptedSidecar(Script script) throws Exception {
        this(new HttpServerOptions(), script);
    }

    /** One that listens as {@code options} say, for one with TLS. */
    public ScriptedSidecar(HttpServerOptions options, Script script) throws Exception {
        server = vertx.createHttpServer(options.setHost("127.0.0.1").setPort(0)
                .setMaxWebSocketFrameSize(1 << 20).setMaxWebSocketMessageSize(1 << 24)
                .addWebSocketSubProtocol(Protocol.SUBPROTOCOL))
                // not a webSocketHandler: Quarkus, when it has run in this process, has switched these off for all
                .requestHandler(request -> {
                    if (request.path().startsWith(FORBIDDEN)) {
                        request.response().setStatusCode(401).end("who are you?");
                        return;
                    }
                    if (request.path().startsWith(MIRRORS)) {
                        request.response().putHeader("Content-Type", "application/json").end(statuses.remove());
                        return;
                    }
                    request.toWebSocket().onSuccess(link -> {
                        script.on(vertx, link);
                        links.add(link);
                    });
                });
        server.listen().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    /** Where it takes links. */
    Endpoint endpoint() {
        return endpoint(Protocol.PATH);
    }

    /** Where it listens. */
    public Endpoint endpoint(String path) {
        return Endpoint.parse("http://127.0.0.1:" + server.actualPort() + path);
    }

    public int port() {
        return server.actualPort();
    }

    /** Waits for a source. */
    public ServerWebSocket link() throws InterruptedException {
        return links.poll(30, TimeUnit.SECONDS);
    }

    /** What it says, one after the other, when it is asked for the mirror's status. */
    ScriptedSidecar telling(String... status) {
        statuses.addAll(List.of(status));
        return this;
    }

    /** The status of the mirror. */
    static String status(String word, long lsn, long bytes, Crc32c crc32c) {
        return "{\"source_database_id\":\"" + DATABASE + "\",\"status\":\"" + word + "\",\"bytes_done\":" + bytes
                + ",\"bytes_total\":" + bytes + ",\"snapshot_lsn\":" + lsn + ",\"crc32c\":\"" + crc32c
                + "\",\"snapshot_path\":\"/nowhere\"}";
    }

    static String opened(long offset, long maxChunkBytes, long windowBytes) {
        return opened(offset, maxChunkBytes, windowBytes, OptionalLong.empty());
    }

    static String opened(long offset, long maxChunkBytes, long windowBytes, OptionalLong windowMessages) {
        return JsonMessages.write(new Answer.Opened(DATABASE, offset, maxChunkBytes, windowBytes, windowMessages,
                OptionalLong.empty(), Optional.empty(), false));
    }

    /** What a sidecar says that goes on with streams. */
    static String opened(long offset, int chunkBytes, Optional<Crc32c> crc32c) {
        return JsonMessages.write(new Answer.Opened(DATABASE, offset, chunkBytes, 4L * chunkBytes,
                OptionalLong.empty(), OptionalLong.of(64 << 20), crc32c, false));
    }

    static String pending(long bytesDone) {
        return pending(bytesDone, 0);
    }

    static String pending(long bytesDone, long durableBytes) {
        return JsonMessages.write(new Answer.Pending(DATABASE, bytesDone, durableBytes));
    }

    /** The commit of a snapshot whose bytes are all 0. */
    static String committed(int bytes) {
        return committed(Sending.ORIGIN.lsn().orElseThrow(), bytes, Crc32c.of(ByteBuffer.allocate(bytes)));
    }

    static String committed(long lsn, long bytes, Crc32c crc32c) {
        return JsonMessages.write(new Answer.Committed(DATABASE, lsn, bytes, crc32c, "/nowhere", Optional.empty()));
    }

    static String aborted() {
        return JsonMessages.write(new Answer.Aborted(DATABASE));
    }

    static String refused(Refusal refusal) {
        return JsonMessages.write(new Answer.Refused(refusal, Optional.of(DATABASE)));
    }

    static boolean isAbort(String message) {
        return JsonMessages.control(message) instanceof Control.Abort;
    }

    @Override
    public void close() {
        Blocking.await(vertx.close(), Duration.ofSeconds(10));
    }
}
