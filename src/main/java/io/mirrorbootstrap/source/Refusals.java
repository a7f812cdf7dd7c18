package io.mirrorbootstrap.source;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.RefusedException;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.Answer;
import io.mirrorbootstrap.wire.JsonMessages;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;

/** What an answer of HTTP means that is not the one that was asked for. */
final class Refusals {

    private static final int NOT_FOUND = 404;
    private static final Pattern TITLE = Pattern.compile("(?is)<title>([^<]*)</title>");
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private static final Pattern SECRET = Pattern.compile("(?i)\\b(Bearer|Basic)[^\\w+/=-]{1,8}[\\w.~+/=-]+");

    private Refusals() {
    }

    /**
     * Puts it in words. A redirect is not followed: the token would go with it, to the host that it names.
     *
     * @param body what was said, or null
     * @param asked the path and query that were asked for
     */
    static Obstacle of(int status, MultiMap headers, Buffer body, Endpoint endpoint, String asked) {
        String text = body == null ? "" : body.toString();
        return new Obstacle.Answered(status, message(status, headers, text, endpoint, asked),
                RetryAfter.of(headers.get(HttpHeaders.RETRY_AFTER), Instant.now()));
    }

    private static String message(int status, MultiMap headers, String body, Endpoint endpoint, String asked) {
        String location = headers.get(HttpHeaders.LOCATION);
        if (REDIRECTS.contains(status) && location != null) {
            return "HTTP " + status + ", a redirect to " + Text.readable(target(location, endpoint, asked))
                    + ", which is not followed: if it is the sidecar, give that as --url";
        } else if (!endpoint.tls() && body.toLowerCase(Locale.ROOT).matches("(?s).*\\bhttps (port|server)\\b.*")) {
            return "HTTP " + status + ", what listens there speaks TLS: is https:// meant?";
        }
        String said = shown(words(status, body), endpoint);
        if (status == NOT_FOUND) {
            return "HTTP 404, which no sidecar answers at " + asked.replaceFirst("\\?.*", "")
                    + ": the path is wrong, or a proxy in between does not lead to one"
                    + (said.isEmpty() ? "" : ": " + said);
        }
        try {
            Answer.Failure failure = JsonMessages.failure(body);
            return "HTTP " + status + ", " + Text.readable(failure.code()) + ": " + shown(failure.message(), endpoint);
        } catch (RefusedException e) {
            return "HTTP " + status + (said.isEmpty() ? "" : " " + said); // not a sidecar's words
        }
    }

    /** Some answer with what they were asked, secrets included. */
    private static String shown(String said, Endpoint endpoint) {
        String text = SECRET.matcher(said).replaceAll("$1 …");
        return Text.readable(endpoint.query().isEmpty() ? text : text.replace(endpoint.query().substring(1), "…"));
    }

    /** Of a page of HTML its title, which mostly repeats the status; of anything else all. */
    private static String words(int status, String body) {
        if (!body.stripLeading().startsWith("<")) {
            return body;
        }
        Matcher title = TITLE.matcher(body);
        return title.find() ? title.group(1).strip().replaceFirst("^" + status + "\\b\\s*", "") : "";
    }

    /** As one would give it: without the sidecar's own path, and without a query, which may have a secret in it. */
    private static String target(String location, Endpoint endpoint, String asked) {
        String target = location;
        try {
            target = new URI((endpoint.tls() ? "https://" : "http://") + endpoint.authority() + asked).resolve(location)
                    .toString();
        } catch (URISyntaxException | IllegalArgumentException e) {
            // told as it is
        }
        String path = asked.replaceFirst("\\?.*", "").substring(endpoint.base().length());
        target = target.replaceFirst("(?s)[?#].*", "").replaceFirst("^([A-Za-z][\\w+.-]*://)[^/]*@", "$1");
        return target.endsWith(path) ? target.substring(0, target.length() - path.length()) : target;
    }
}
