package io.mirrorbootstrap.seed;

import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.SourceUrl;
import io.mirrorbootstrap.wire.Protocol;

/**
 * The URLs of {@code seed-from}: of siblings, and of objects in storage, see {@link #RULE}. {@code {database}} stands for the database;
 * {@code {ordinal}}, of siblings, for the number of each that a pod of a StatefulSet may have: those from 0 up to the one behind its own, but
 * for its own; of an object for the pod's own.
 */
final class SeedUrls {

    /** How they are told apart, in words for a person. */
    static final String RULE = "the URL of an object in storage ends with a name that has a dot, or has a query behind its path, "
            + "if only a question mark; that of a sidecar has no path, or one that ends with a slash";

    static final String DATABASE = "{database}";
    private static final String ORDINAL = "{ordinal}";
    private static final Pattern NUMBERED = Pattern.compile(".*-(\\d{1,4})");
    private static final Pattern HTTP = Pattern.compile("(?i)(https?://[^/?#]*)([^?#]*)(\\?.*)?");

    private final List<String> siblings;
    private final List<String> objects;
    private final OptionalInt own;

    /**
     * @param host the name of this machine; of a pod of a StatefulSet it ends with the pod's number
     * @throws IllegalArgumentException when one is no URL, with a sentence
     */
    SeedUrls(List<String> urls, String host) {
        this.siblings = urls.stream().filter(url -> !isObject(url)).toList();
        this.objects = urls.stream().filter(SeedUrls::isObject).toList();
        Matcher numbered = NUMBERED.matcher(host);
        this.own = numbered.matches() ? OptionalInt.of(Integer.parseInt(numbered.group(1))) : OptionalInt.empty();
        urls.forEach(url -> Endpoint.parse(url.replace(ORDINAL, "0").replace(DATABASE, "x")));
    }

    private static boolean isObject(String url) {
        Matcher parts = HTTP.matcher(url);
        return parts.matches() && hasName(parts.group(2))
                && (parts.group(3) != null || name(parts.group(2)).contains("."));
    }

    private static boolean hasName(String path) {
        return !name(path).isEmpty() && !path.endsWith(Protocol.PATH);
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** Those of siblings that could be meant as objects: below a path without a slash at its end. */
    List<String> unclear() {
        return siblings.stream().map(HTTP::matcher).filter(parts -> parts.matches() && hasName(parts.group(2)))
                .map(parts -> parts.group(1) + parts.group(2)).toList();
    }

    /** Whether one of them says nothing here, because this machine has no number. */
    boolean lackNumber() {
        return own.isEmpty()
                && Stream.of(siblings, objects).flatMap(List::stream).anyMatch(url -> url.contains(ORDINAL));
    }

    /** The objects as they are written, but for their queries, which may be secrets. */
    List<String> objects() {
        return objects.stream().map(url -> url.replaceFirst("(?s)\\?.+", "?…")).toList();
    }

    /** The siblings to be asked for {@code database}. */
    List<Endpoint> siblings(DatabaseId database) {
        return siblings.stream().map(url -> url.replace(DATABASE, database.value())).flatMap(this::numbered)
                .map(Endpoint::parse).distinct().toList();
    }

    /** The objects that may be a snapshot of {@code database}. */
    List<SourceUrl> objects(DatabaseId database) {
        return objects.stream().map(url -> url.replace(DATABASE, database.value()))
                .filter(url -> own.isPresent() || !url.contains(ORDINAL))
                .map(url -> url.replace(ORDINAL, String.valueOf(own.orElse(0)))).map(SourceUrl::parse).distinct()
                .toList();
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
