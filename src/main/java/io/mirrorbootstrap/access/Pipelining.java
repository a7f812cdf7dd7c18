package io.mirrorbootstrap.access;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.core.net.impl.VertxHandler;

/**
 * Lets the requests of a connection begin one after another, each when the answer before it is written and read so far that the
 * socket takes more. Vert.x would begin the next at once: while nobody reads, each answer that is made in one piece would be held,
 * and each that a worker writes piece by piece would keep that worker.
 * <p>
 * Requests that have come already wait meanwhile, and no more is read from the socket. A connection that has sent more than may
 * wait is cut: Vert.x would hold all of it, before the gate has seen the first request. Event loop only.
 */
final class Pipelining extends ChannelDuplexHandler {

    /** The name of the handler of Vert.x that makes requests of what is decoded. */
    private static final String VERTX = "handler";

    /** How many requests may have no answer yet, with the one that is being answered. */
    private static final int MAX_WAITING = 16;

    /** How many bytes of the heap waiting requests may take, about: those of all connections must fit into it. */
    private static final int MAX_WEIGHT = 32 * 1024;

    /** What a header takes beside its letters, in bytes. */
    private static final int HEADER_WEIGHT = 160;

    private final ConnectionBase connection;

    /** Requests and their ends, as they came. While there is anything, the socket is not read. */
    private final Queue<Object> held = new ArrayDeque<>();

    private int waiting;
    private int weight;
    private boolean answering;
    private boolean isLast; // a request that ends the connection has come
    private boolean isBehindLast; // another has come behind it, which nobody hears
    private boolean over;

    private Pipelining(ConnectionBase connection) {
        this.connection = connection;
    }

    /**
     * Bounds what may come on the connection of {@code pipeline}, whose first bytes are about to be read as HTTP. Not later: Quarkus
     * answers some requests before any code of ours hears of them, and Vert.x handles the next at once.
     *
     * @return false where the handler of HTTP/1.1 is not there, which does not mean that it will not be
     */
    static boolean bound(ChannelPipeline pipeline) {
        if (pipeline.get(VERTX) instanceof VertxHandler<?> handler) {
            addTo(pipeline, new Pipelining(handler.getConnection()));
            return true;
        }
        return false;
    }

    private static void addTo(ChannelPipeline pipeline, Pipelining requests) {
        pipeline.addBefore(VERTX, null, Bodies.TAKEN_OUT);
        pipeline.addBefore(VERTX, null, requests);
    }

    /**
     * Whether {@code request}, which has come to its handlers, may be answered: no request behind the last one may. One on a connection
     * that was accepted before its port had a {@link Door} is the first that is seen there: it is bounded from now on.
     */
    static boolean mayAnswer(HttpServerRequest request) {
        ConnectionBase connection = (ConnectionBase) request.connection();
        ChannelPipeline pipeline = connection.channel().pipeline();
        Pipelining there = pipeline.get(Pipelining.class);
        if (there == null && pipeline.get(VERTX) != null) {
            there = new Pipelining(connection);
            there.waiting = 1;
            there.answering = true;
            there.isLast = !keepsAlive(request.version() == io.vertx.core.http.HttpVersion.HTTP_1_1,
                    request.version() == io.vertx.core.http.HttpVersion.HTTP_1_0, new DefaultHttpHeaders()
                            .add(HttpHeaderNames.CONNECTION, request.headers().getAll(HttpHeaderNames.CONNECTION)));
            addTo(pipeline, there);
        }
        return there == null || !there.over;
    }

    /** The request at hand is the last that {@code connection} has answered. */
    static void end(HttpConnection connection) {
        Optional.ofNullable(Connections.channel(connection).pipeline().get(Pipelining.class))
                .ifPresent(Pipelining::end);
    }

    private void end() {
        over = true;
        if (!held.isEmpty()) {
            drop();
            connection.doResume(); // a socket that is closed with bytes unread would take the answer back
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        boolean begins = message instanceof HttpRequest;
        isBehindLast |= begins && isLast; // Vert.x would drop what follows, and not release it
        if (begins && !over && !isBehindLast) {
            waiting++;
        }
        isLast |= message instanceof HttpRequest request && !keepsAlive(
                request.protocolVersion() == HttpVersion.HTTP_1_1, // the objects: Vert.x compares so
                request.protocolVersion() == HttpVersion.HTTP_1_0, request.headers());
        if (over || isBehindLast) {
            ReferenceCountUtil.release(message);
        } else if (held.isEmpty() && !(begins && isBusy(context))) {
            answering |= begins;
            context.fireChannelRead(message);
        } else {
            held.add(message);
            weight += weight(message);
            connection.doPause(); // each time: Vert.x resumes it when it has taken the body of the request before
            if (waiting > MAX_WAITING || weight > MAX_WEIGHT) {
                over = true;
                drop();
                context.close();
            }
        }
    }

    /**
     * Whether another request may follow one of this version, with these headers. Never where Vert.x says that none may: it reads other
     * versions, and spells of 1.1, as the end of a connection, and only this one word of a header as its going on.
     */
    private static boolean keepsAlive(boolean isHttp11, boolean isHttp10, HttpHeaders headers) {
        return !headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true)
                && (isHttp11
                        || isHttp10 && headers.contains(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE, true));
    }

    private boolean isBusy(ChannelHandlerContext context) {
        return answering || !context.channel().isWritable();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        context.write(message, promise);
        if (isUpgrade(message)) {
            if (!held.isEmpty()) {
                context.close(); // what was sent before the upgrade was answered has been taken for HTTP
            }
            context.pipeline().remove(this);
        } else if (message instanceof LastHttpContent && !isInterim(message)) {
            waiting--;
            answering = false;
            goOnSoon(context);
        }
    }

    /** Whether {@code message} is the last that HTTP says on its connection. */
    static boolean isUpgrade(Object message) {
        return message instanceof HttpResponse response
                && response.status().code() == HttpResponseStatus.SWITCHING_PROTOCOLS.code();
    }

    private static boolean isInterim(Object message) {
        return message instanceof HttpResponse response
                && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        context.fireChannelWritabilityChanged();
        goOnSoon(context);
    }

    /** Not from within a write: Vert.x is not done with the answer before it. */
    private void goOnSoon(ChannelHandlerContext context) {
        if (!held.isEmpty()) {
            context.executor().execute(() -> goOn(context));
        }
    }

    private void goOn(ChannelHandlerContext context) {
        if (held.isEmpty() || isBusy(context)) {
            return;
        }
        List<Object> next = new ArrayList<>();
        do {
            weight -= weight(held.element());
            next.add(held.remove());
        } while (!held.isEmpty() && !(held.element() instanceof HttpRequest));
        answering = true;
        if (held.isEmpty()) {
            connection.doResume(); // before the request is heard: a link decides by itself when its socket is read
        }
        for (Object each : next) {
            if (over) {
                ReferenceCountUtil.release(each);
            } else {
                context.fireChannelRead(each);
            }
        }
        context.fireChannelReadComplete(); // Vert.x flushes then
    }

    private static int weight(Object message) {
        if (!(message instanceof HttpRequest request)) {
            return 0; // its end: bodies are taken out before
        }
        int weight = request.uri().length();
        for (Iterator<Map.Entry<CharSequence, CharSequence>> all = request.headers().iteratorCharSequence(); all
                .hasNext();) {
            Map.Entry<CharSequence, CharSequence> header = all.next();
            weight += HEADER_WEIGHT + header.getKey().length() + header.getValue().length();
        }
        return weight;
    }

    private void drop() {
        held.forEach(ReferenceCountUtil::release);
        held.clear();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        drop();
    }
}
