package io.mirrorbootstrap.source;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.Text;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;

/** What an answer of a server of snapshots means that is not the one that was asked for. */
final class UrlRefusals {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> NOT_LET_IN = Set.of(401, 403);
    private static final Set<Integer> GONE = Set.of(404, 410);

    /** As object storage says it. */
    private static final Pattern CODE = Pattern.compile("<Code>([^<]{1,100})</Code>");
    private static final Pattern MESSAGE = Pattern.compile("<Message>([^<]{1,300})</Message>");
    private static final Pattern TITLE = Pattern.compile("(?i)<title>([^<]{1,300})</title>");

    /** What is between the words of a secret, and what a word of a server's may have in it. */
    private static final Pattern WORDS = Pattern.compile("[^A-Za-z0-9]+");
    private static final Pattern WORD = Pattern.compile("[^\\s]+");

    /** What is shorter is part of many words. */
    private static final int SHORTEST_SECRET = 6;

    private UrlRefusals() {
    }

    /**
     * Puts it in words.
     *
     * @param secrets what may not be shown, though some answer with what they were asked
     */
    static Obstacle of(HttpClientResponse answer, Buffer body, SourceUrl url, Collection<String> secrets) {
        int status = answer.statusCode();
        return new Obstacle.Answered(status, message(status, answer.getHeader(HttpHeaders.LOCATION),
                hidden(words(status, body.toString()), url, secrets), url),
                RetryAfter.of(answer.getHeader(HttpHeaders.RETRY_AFTER), Instant.now()));
    }

    private static String message(int status, String location, String said, SourceUrl url) {
        String all = "HTTP " + status + (said.isEmpty() ? "" : " (" + said + ")");
        if (REDIRECTS.contains(status) && location != null) {
            return all + ", a redirect to " + Text.readable(target(location, url))
                    + ", which is not followed: give the URL itself";
        } else if (NOT_LET_IN.contains(status)) {
            return all + ", it does not let this be read: a presigned URL may have expired (with a new one a transfer"
                    + " goes on where it stood), or be for another method than GET; others need --header-file";
        } else if (GONE.contains(status)) {
            return all + ", there is nothing at " + Text.readable(url.path());
        }
        return all;
    }

    /** Of XML what object storage says, of a page of HTML its title, which mostly repeats the status; of anything else nothing. */
    private static String words(int status, String body) {
        Matcher code = CODE.matcher(body);
        Matcher message = MESSAGE.matcher(body);
        if (code.find()) {
            return code.group(1) + (message.find() ? ": " + message.group(1) : "");
        }
        Matcher title = TITLE.matcher(body);
        return title.find() ? title.group(1).strip().replaceFirst("^" + status + "\\b\\s*", "") : "";
    }

    /** Without any word of a secret, in whatever form of it: a server may leave the scheme of a token away, or the percents of a query. */
    private static String hidden(String said, SourceUrl url, Collection<String> secrets) {
        Stream<String> values = Stream.of(url.query().split("[?&]")).map(pair -> pair.substring(pair.indexOf('=') + 1));
        Set<String> words = Stream.concat(secrets.stream(), values)
                .flatMap(secret -> Stream.of(secret, decoded(secret)))
                .flatMap(WORDS::splitAsStream).filter(word -> word.length() >= SHORTEST_SECRET)
                .collect(Collectors.toSet());
        String text = WORD.matcher(said)
                .replaceAll(word -> Matcher
                        .quoteReplacement(words.stream().anyMatch(word.group()::contains) ? "…" : word.group()));
        return Text.readable(text);
    }

    private static String decoded(String secret) {
        try {
            return URLDecoder.decode(secret, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return ""; // there is no other form of it
        }
    }

    /** Without a query, which may have a secret in it. */
    private static String target(String location, SourceUrl url) {
        String target = location;
        try {
            target = URI.create(url.place()).resolve(location).toString();
        } catch (IllegalArgumentException e) {
            // told as it is
        }
        return target.replaceFirst("(?s)[?#].*", "?…").replaceFirst("^([A-Za-z][\\w+.-]*://)[^/]*@", "$1");
    }
}
