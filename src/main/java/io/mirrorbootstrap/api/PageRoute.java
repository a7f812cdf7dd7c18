package io.mirrorbootstrap.api;

import java.util.Map;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import io.mirrorbootstrap.access.OpenPaths;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.quarkus.runtime.LaunchMode;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/**
 * Answers the paths of the page. Its files are in the program, and read once, but for development: nothing is served from a directory. Event loop only.
 */
@ApplicationScoped
class PageRoute {

    private static final String INDEX = "/page/index.html";

    /** Nothing but the page's own files, and no page of another site may frame it. */
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8", "css",
            "text/css; charset=utf-8", "js", "text/javascript; charset=utf-8", "svg", "image/svg+xml");

    void register(@Observes Router router) {
        for (String path : OpenPaths.OF_PAGE) {
            String resource = path.equals(OpenPaths.PAGE) ? INDEX : path;
            Asset asset = read(resource);
            boolean mayChange = LaunchMode.current() == LaunchMode.DEVELOPMENT;
            router.route(path).handler(request -> answer(request, mayChange ? read(resource) : asset));
        }
    }

    private static Asset read(String resource) {
        return Asset.of(resource, TYPES.get(resource.substring(resource.lastIndexOf('.') + 1)));
    }

    private static void answer(RoutingContext request, Asset asset) {
        request.response().putHeader(HttpHeaderNames.CONTENT_SECURITY_POLICY, POLICY)
                .putHeader("X-Content-Type-Options", "nosniff").putHeader("Referrer-Policy", "no-referrer")
                .putHeader("Cross-Origin-Opener-Policy", "same-origin");
        asset.answer(request);
    }
}
