package io.mirrorbootstrap.api;

import java.util.List;
import java.util.Set;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;

import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Decides what {@code GET /v1/mirrors/events} asks for: the database of that name if JSON is accepted and no event stream,
 * else the events of all. By itself, which of the two a request gets that accepts both is nowhere promised.
 */
class EventsOrMirror {

    private static final Set<String> READS = Set.of(HttpMethod.GET, HttpMethod.HEAD);

    private static final String PATH = "/v1/mirrors/" + MirrorsResource.EVENTS;

    @ServerRequestFilter(preMatching = true)
    void decide(ContainerRequestContext request) {
        if (READS.contains(request.getMethod()) && request.getUriInfo().getPath().equals(PATH)
                && !isForMirror(request.getAcceptableMediaTypes())) {
            request.getHeaders().putSingle(HttpHeaders.ACCEPT, MediaType.SERVER_SENT_EVENTS);
        }
    }

    private static boolean isForMirror(List<MediaType> accepted) {
        return accepts(accepted, MediaType.APPLICATION_JSON_TYPE)
                && !accepts(accepted, MediaType.SERVER_SENT_EVENTS_TYPE);
    }

    private static boolean accepts(List<MediaType> accepted, MediaType type) {
        return accepted.stream().anyMatch(type::isCompatible);
    }
}
