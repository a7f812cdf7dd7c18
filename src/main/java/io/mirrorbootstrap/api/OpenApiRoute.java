package io.mirrorbootstrap.api;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

import io.quarkus.smallrye.openapi.runtime.OpenApiHandler;
import io.vertx.ext.web.Router;

/**
 * Answers {@code /q/openapi} as Quarkus does, but on the event loop, because the document is made with the build. Quarkus' own route
 * needs a worker, whose queue keeps requests of callers that have gone.
 */
@ApplicationScoped
class OpenApiRoute {

    private static final String PATHS = "/q/openapi(\\.json|\\.yaml|\\.yml)?";
    private static final String DOCUMENT = "<default>";

    /** Before Quarkus' own, behind what lets callers in. */
    private static final int ORDER = -1;

    void register(@Observes Router router) {
        router.routeWithRegex(PATHS).order(ORDER).handler(new OpenApiHandler(DOCUMENT, false));
    }
}
