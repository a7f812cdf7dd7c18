package io.mirrorbootstrap.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import io.mirrorbootstrap.access.OpenPaths;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.quarkus.runtime.LaunchMode;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/**
 * Answers the paths of the page. Its files are in the program, and read once, but for development: nothing is served from a directory. Event loop only.
 */
@ApplicationScoped
class PageRoute {

    private static final String INDEX = "/page/index.html";

    private static final int NOT_MODIFIED = 304;
    private static final int METHOD_NOT_ALLOWED = 405;

    /** Nothing but the page's own files, and no page of another site may frame it. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8", "css",
            "text/css; charset=utf-8", "js", "text/javascript; charset=utf-8", "svg", "image/svg+xml");

    private record Asset(String type, Buffer bytes, String tag) {
    }

    void register(@Observes Router router) {
        for (String path : OpenPaths.OF_PAGE) {
            String resource = path.equals(OpenPaths.PAGE) ? INDEX : path;
            Asset asset = read(resource);
            boolean mayChange = LaunchMode.current() == LaunchMode.DEVELOPMENT;
            router.route(path).handler(request -> answer(request, mayChange ? read(resource) : asset));
        }
    }

    private static Asset read(String resource) {
        try (InputStream in = PageRoute.class.getResourceAsStream(resource)) {
            byte[] bytes = in.readAllBytes();
            String ending = resource.substring(resource.lastIndexOf('.') + 1);
            return new Asset(TYPES.get(ending), Buffer.buffer(bytes),
                    '"' + Crc32c.of(ByteBuffer.wrap(bytes)).toString() + '"');
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void answer(RoutingContext request, Asset asset) {
        HttpServerResponse response = request.response();
        boolean isHead = request.request().method().equals(HttpMethod.HEAD);
        if (!isHead && !request.request().method().equals(HttpMethod.GET)) {
            response.setStatusCode(METHOD_NOT_ALLOWED).putHeader(HttpHeaderNames.ALLOW, "GET, HEAD").end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, asset.type()).putHeader(HttpHeaders.ETAG, asset.tag())
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
                .putHeader(HttpHeaderNames.CONTENT_SECURITY_POLICY, POLICY)
                .putHeader("X-Content-Type-Options", "nosniff").putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Opener-Policy", "same-origin");
        if (asset.tag().equals(request.request().getHeader(HttpHeaders.IF_NONE_MATCH))) {
            response.setStatusCode(NOT_MODIFIED).end();
        } else if (isHead) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(asset.bytes().length())).end();
        } else {
            response.end(asset.bytes());
        }
    }
}
