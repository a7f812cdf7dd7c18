package io.mirrorbootstrap.source;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.Text;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.RequestOptions;

/**
 * What a server of HTTP says of the bytes that it keeps under a URL.
 *
 * @param size in bytes
 * @param tag the header {@code ETag}
 * @param modified the header {@code Last-Modified}
 */
record StoredObject(long size, Optional<String> tag, Optional<String> modified) {

    private static final Pattern RANGE = Pattern.compile("bytes (?:\\*|(\\d{1,18})-\\d{1,18})/(\\d{1,18})");

    /** Where the bytes of an answer begin, and of what they are. */
    record Part(long from, StoredObject whole) {
    }

    /** What an answer to a request for a range has; empty where it does not say that. */
    static Optional<Part> part(MultiMap headers) {
        String range = headers.get(HttpHeaderNames.CONTENT_RANGE);
        Matcher parts = RANGE.matcher(range == null ? "" : range.strip());
        return parts.matches()
                ? Optional.of(new Part(parts.group(1) == null ? 0 : Long.parseLong(parts.group(1)),
                        of(Long.parseLong(parts.group(2)), headers)))
                : Optional.empty();
    }

    static StoredObject of(long size, MultiMap headers) {
        return new StoredObject(size, Optional.ofNullable(headers.get(HttpHeaders.ETAG)),
                Optional.ofNullable(headers.get(HttpHeaders.LAST_MODIFIED)));
    }

    /** The tag that other bytes do not have. */
    Optional<String> strongTag() {
        return tag.filter(text -> text.startsWith("\""));
    }

    /** Tells these bytes from others that are under the same URL later. */
    Optional<String> validator() {
        return strongTag().or(() -> modified);
    }

    /** Has the server answer 412 where it has other bytes by now; a weak tag matches nothing. */
    void require(RequestOptions request) {
        if (strongTag().isPresent()) {
            request.putHeader(HttpHeaderNames.IF_MATCH, strongTag().get());
        } else if (modified.isPresent()) {
            request.putHeader(HttpHeaderNames.IF_UNMODIFIED_SINCE, modified.get());
        }
    }

    /** In what {@code now} is another; empty: in nothing that could be seen. */
    Optional<String> difference(StoredObject now) {
        if (now.size != size) {
            return Optional.of("it had " + size + " bytes, now it has " + now.size);
        } else if (!now.tag.equals(tag)) {
            return Optional.of("its ETag was " + shown(tag) + ", now it is " + shown(now.tag));
        } else if (strongTag().isEmpty() && !now.modified.equals(modified)) {
            return Optional.of("its Last-Modified was " + shown(modified) + ", now it is " + shown(now.modified));
        }
        return Optional.empty();
    }

    private static String shown(Optional<String> value) {
        return value.map(Text::readable).orElse("none");
    }
}
