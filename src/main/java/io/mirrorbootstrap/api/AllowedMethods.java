package io.mirrorbootstrap.api;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;

import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Says which methods a path of the API has, to who asks for them or with another one. By itself the answer would name those of all
 * paths, or none.
 */
class AllowedMethods {

    private static final Pattern PATH = Pattern
            .compile("/v1/(?:sidecar|mirrors(?:/(?<database>[^/]+)(?<events>/events)?)?)/?");

    private static final List<String> READ = List.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

    private static final List<String> READ_OR_REMOVE = List.of(HttpMethod.DELETE, HttpMethod.GET, HttpMethod.HEAD,
            HttpMethod.OPTIONS);

    @ServerRequestFilter(preMatching = true)
    Optional<Response> decide(ContainerRequestContext request) {
        Matcher path = PATH.matcher(request.getUriInfo().getPath());
        boolean asks = request.getMethod().equals(HttpMethod.OPTIONS);
        if (!path.matches()) {
            return asks ? Optional.of(Response.status(Response.Status.NOT_FOUND).build()) : Optional.empty();
        }
        List<String> allowed = path.group("database") != null && path.group("events") == null ? READ_OR_REMOVE : READ;
        return asks || !allowed.contains(request.getMethod())
                ? Optional.of(Response.status(asks ? Response.Status.OK : Response.Status.METHOD_NOT_ALLOWED)
                        .header(HttpHeaders.ALLOW, String.join(", ", allowed)).build())
                : Optional.empty();
    }
}
