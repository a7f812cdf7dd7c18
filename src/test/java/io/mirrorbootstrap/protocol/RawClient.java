package io.mirrorbootstrap.protocol;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;

/** A client made of nothing but the JDK: it shares no code with the sending side of this project. */
public final class RawClient implements WebSocket.Listener {

    private static final long PATIENCE_SECONDS = 20;
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Java 25 closes a client that nobody refers to, and its sockets with it. */
    private final HttpClient http;
    private final WebSocket socket;
    private final BlockingQueue<JsonNode> answers = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> closed = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private volatile boolean pong;
    private volatile int pings;

    /** Connects to the service at {@code base}, an HTTP address; a query of it is that of the request, too. */
    public RawClient(URI base) throws Exception {
        this(base, HTTP, Map.of());
    }

    /** Connects to the service at {@code base}, an HTTP address, and shows a token. */
    public RawClient(URI base, String token) throws Exception {
        this(base, HTTP, Map.of("Authorization", "Bearer " + token));
    }

    /** Connects to the service at {@code base}, an HTTP address, and says more in its handshake. */
    public RawClient(URI base, Map<String, String> headers) throws Exception {
        this(base, HTTP, headers);
    }

    /** Connects to the service at {@code base}, an HTTPS address. */
    public RawClient(URI base, SSLContext tls) throws Exception {
        this(base, tls, tls.getDefaultSSLParameters());
    }

    /** Connects to the service at {@code base}, an HTTPS address, by such a session. */
    public RawClient(URI base, SSLContext tls, SSLParameters session) throws Exception {
        this(base, HttpClient.newBuilder().sslContext(tls).sslParameters(session).build(), Map.of());
    }

    /** Connects to the service at {@code base} by {@code http}, which others use, too. */
    public RawClient(URI base, HttpClient http) throws Exception {
        this(base, http, Map.of());
    }

    private RawClient(URI base, HttpClient http, Map<String, String> headers) throws Exception {
        URI uri = new URI(base.getScheme().replace("http", "ws"), null, base.getHost(), base.getPort(),
                "/v1/bootstrap", base.getQuery(), null);
        this.http = http;
        WebSocket.Builder builder = http.newWebSocketBuilder().subprotocols("mirror-bootstrap.v1");
        headers.forEach(builder::header);
        socket = builder
                .connectTimeout(Duration.ofSeconds(PATIENCE_SECONDS))
                .buildAsync(uri, this).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    String subprotocol() {
        return socket.getSubprotocol();
    }

    /** Sends one binary message in frames of at most {@code frameBytes}. */
    public void binary(byte[] message, int frameBytes) throws Exception {
        int at = 0;
        do {
            int length = Math.min(frameBytes, message.length - at);
            frame(message, at, length, at + length == message.length);
            at += length;
        } while (at < message.length);
    }

    /** Sends one frame of a binary message. */
    public void frame(byte[] message, int from, int length, boolean last) throws Exception {
        await(socket.sendBinary(ByteBuffer.wrap(message, from, length), last));
    }

    /** Sends a ping; {@link #hasPong} tells when it is answered. */
    public void ping() throws Exception {
        await(socket.sendPing(ByteBuffer.wrap(new byte[]{1, 2, 3})));
    }

    /** Whether any ping was answered. */
    public boolean hasPong() {
        return pong;
    }

    /** How many pings have come, each of which was answered. */
    public int pings() {
        return pings;
    }

    /** Sends one text message. */
    public void text(String message) throws Exception {
        await(socket.sendText(message, true));
    }

    void text(String message, boolean last) throws Exception {
        await(socket.sendText(message, last));
    }

    /** The next answer. */
    public JsonNode answer() throws Exception {
        JsonNode answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (answer == null) {
            throw new TimeoutException("no answer in " + PATIENCE_SECONDS + " seconds; closed: " + closed);
        }
        return answer;
    }

    /** The next answer as a source reads it: the one thing that this client has from there. */
    Answer typedAnswer() throws Exception {
        return JsonMessages.answer(answer().toString());
    }

    /** The code that the sidecar closes the link with; 1006 when it is cut without one. */
    public int closeCode() throws Exception {
        return closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Whether the sidecar has ended the link. */
    public boolean isClosed() {
        return closed.isDone();
    }

    public boolean hasUnreadAnswers() {
        return !answers.isEmpty();
    }

    /** Gone, without a close frame. */
    public void cut() {
        socket.abort();
    }

    /** Says goodbye. */
    public void close() throws Exception {
        await(socket.sendClose(WebSocket.NORMAL_CLOSURE, ""));
    }

    private static void await(CompletableFuture<WebSocket> sent) throws Exception {
        try {
            sent.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io ? io : e;
        }
    }

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            try {
                answers.add(JSON.readTree(text.toString()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            text.setLength(0);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
        pings++;
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onPong(WebSocket webSocket, ByteBuffer message) {
        pong = true;
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
        closed.complete(statusCode);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable error) {
        closed.complete(1006);
    }
}
