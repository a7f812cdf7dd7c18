package io.mirrorbootstrap.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;

/**
 * A file that is in the program, and answers requests from there.
 *
 * @param type of its content
 * @param tag what changes with its bytes, with its quotes
 */
record Asset(String type, Buffer bytes, String tag) {

    private static final int NOT_MODIFIED = 304;
    private static final int METHOD_NOT_ALLOWED = 405;

    /** Reads it. The build has put it there. */
    static Asset of(String resource, String type) {
        try (InputStream in = Asset.class.getResourceAsStream(resource)) {
            byte[] bytes = in.readAllBytes();
            return new Asset(type, Buffer.buffer(bytes), '"' + Crc32c.of(ByteBuffer.wrap(bytes)).toString() + '"');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the response, which may have headers of its own by now. Event loop only. */
    void answer(RoutingContext request) {
        HttpServerResponse response = request.response();
        boolean isHead = request.request().method().equals(HttpMethod.HEAD);
        if (!isHead && !request.request().method().equals(HttpMethod.GET)) {
            response.setStatusCode(METHOD_NOT_ALLOWED).putHeader(HttpHeaderNames.ALLOW, "GET, HEAD").end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, type).putHeader(HttpHeaders.ETAG, tag)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
        if (tag.equals(request.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
            response.setStatusCode(NOT_MODIFIED).end();
        } else if (isHead) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(bytes.length())).end();
        } else {
            response.end(bytes);
        }
    }
}
