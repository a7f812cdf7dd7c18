package io.mirrorbootstrap.api;

import java.util.List;
import java.util.Optional;
import java.util.Set;

import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;

import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/**
 * Decides what {@code GET /v1/mirrors/events} asks for: the database of that name if JSON is accepted and no event stream,
 * else the events of all. By itself, which of the two a request gets that accepts both is nowhere promised.
 */
class EventsOrMirror {

    private static final Set<String> READS = Set.of(HttpMethod.GET, HttpMethod.HEAD);

    private static final String PATH = "/v1/mirrors/" + MirrorsResource.EVENTS;

    @ServerRequestFilter(preMatching = true)
    Optional<Response> decide(ContainerRequestContext request) {
        if (!READS.contains(request.getMethod()) || !request.getUriInfo().getPath().equals(PATH)) {
            return Optional.empty();
        }
        request.getHeaders().remove(HttpHeaders.CONTENT_TYPE); // of a body that is not there: one of the two would be chosen by it
        try {
            request.getHeaders().putSingle(HttpHeaders.ACCEPT, isForMirror(request.getAcceptableMediaTypes())
                    ? MediaType.APPLICATION_JSON
                    : MediaType.SERVER_SENT_EVENTS);
            return Optional.empty();
        } catch (IllegalArgumentException e) { // that is no list of types; the message has it as it came
            return Optional.of(Response.status(Response.Status.NOT_ACCEPTABLE).build());
        }
    }

    private static boolean isForMirror(List<MediaType> accepted) {
        return accepts(accepted, MediaType.APPLICATION_JSON_TYPE)
                && !accepts(accepted, MediaType.SERVER_SENT_EVENTS_TYPE);
    }

    private static boolean accepts(List<MediaType> accepted, MediaType type) {
        return accepted.stream().filter(each -> !isExcluded(each)).anyMatch(type::isCompatible)
                && accepted.stream().filter(EventsOrMirror::isExcluded).noneMatch(each -> isSame(each, type));
    }

    /** Whether it is named to say that it is not accepted, by a weight of 0. */
    private static boolean isExcluded(MediaType type) {
        return type.getParameters().getOrDefault("q", "1").matches("0(\\.0{0,3})?");
    }

    private static boolean isSame(MediaType one, MediaType other) {
        return one.getType().equalsIgnoreCase(other.getType())
                && one.getSubtype().equalsIgnoreCase(other.getSubtype());
    }
}
