package io.mirrorbootstrap.api;

import java.util.List;
import java.util.Optional;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** Answers {@code /q/openapi} with the document of the API, which the build has made: as YAML, or as JSON where that is asked for. Event loop only. */
@ApplicationScoped
class OpenApiRoute {

    private static final String PATHS = "/q/openapi(\\.json|\\.yaml|\\.yml)?";
    private static final String JSON = "application/json";

    void register(@Observes Router router) {
        Asset json = Asset.of("/api/openapi.json", JSON + ";charset=UTF-8");
        Asset yaml = Asset.of("/api/openapi.yaml", "application/yaml;charset=UTF-8");
        router.routeWithRegex(PATHS).handler(request -> (isJson(request) ? json : yaml).answer(request));
    }

    /** The path has the last word, then the query. */
    private static boolean isJson(RoutingContext request) {
        String path = request.normalizedPath();
        if (path.contains(".")) {
            return path.endsWith(".json");
        }
        List<String> formats = request.queryParam("format");
        return formats.isEmpty()
                ? Optional.ofNullable(request.request().getHeader(HttpHeaders.ACCEPT)).orElse("").contains(JSON)
                : formats.get(0).equalsIgnoreCase("json");
    }
}
