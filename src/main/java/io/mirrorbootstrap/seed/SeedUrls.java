package io.mirrorbootstrap.seed;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Endpoint;

/**
 * The URLs of siblings, as {@code seed-from} has them. {@code {database}} stands for the database; {@code {ordinal}} for the number of each
 * sibling that a pod of a StatefulSet may have: those from 0 up to the one behind its own, but for its own.
 */
final class SeedUrls {

    private static final String ORDINAL = "{ordinal}";
    private static final String DATABASE = "{database}";
    private static final Pattern NUMBERED = Pattern.compile(".*-(\\d{1,4})");

    private final List<String> urls;
    private final OptionalInt own;

    /**
     * @param host the name of this machine; of a pod of a StatefulSet it ends with the pod's number
     * @throws IllegalArgumentException when one is no URL, with a sentence
     */
    SeedUrls(List<String> urls, String host) {
        this.urls = List.copyOf(urls);
        Matcher numbered = NUMBERED.matcher(host);
        this.own = numbered.matches() ? OptionalInt.of(Integer.parseInt(numbered.group(1))) : OptionalInt.empty();
        urls.forEach(url -> Endpoint.parse(url.replace(ORDINAL, "0").replace(DATABASE, "x")));
    }

    /** Whether one of them says nothing here, because this machine has no number. */
    boolean lackNumber() {
        return own.isEmpty() && urls.stream().anyMatch(url -> url.contains(ORDINAL));
    }

    /** Those to be asked for {@code database}. */
    List<Endpoint> of(DatabaseId database) {
        return urls.stream().map(url -> url.replace(DATABASE, database.value())).flatMap(this::numbered)
                .map(Endpoint::parse).distinct().toList();
    }

    private Stream<String> numbered(String url) {
        if (!url.contains(ORDINAL)) {
            return Stream.of(url);
        }
        return own.isEmpty()
                ? Stream.empty()
                : IntStream.rangeClosed(0, own.getAsInt() + 1).filter(number -> number != own.getAsInt())
                        .mapToObj(number -> url.replace(ORDINAL, String.valueOf(number)));
    }
}
