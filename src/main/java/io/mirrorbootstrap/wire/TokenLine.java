package io.mirrorbootstrap.wire;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.Principal;

/**
 * A line of a file of tokens: {@code token}, {@code token = name} or {@code token = name: database, database}. The sidecar's and a
 * client's may be the same file. Any thread.
 *
 * @param token what RFC 6750 calls {@code b64token}: all that a header can carry
 * @param name whose it is
 * @param databases the names of those that it is for, as they stand there; empty: any
 */
public record TokenLine(String token, Optional<String> name, Optional<List<String>> databases) {

    private static final Pattern LINE = Pattern
            .compile("(?<token>[A-Za-z0-9._~+/-]+=*)(?:\\s*=\\s*(?<name>" + Principal.OWNER_NAME
                    + ")\\s*(?<list>:.*)?)?");

    /** Whether there is nothing to be read in {@code line}. */
    public static boolean isBlank(String line) {
        return line.isBlank() || line.strip().startsWith("#");
    }

    /** Reads {@code line}; empty when it is none of the three. */
    public static Optional<TokenLine> parse(String line) {
        Matcher parts = LINE.matcher(line.strip());
        return parts.matches()
                ? Optional.of(new TokenLine(parts.group("token"), Optional.ofNullable(parts.group("name")),
                        Optional.ofNullable(parts.group("list")).map(list -> list.substring(1)).map(TokenLine::names)))
                : Optional.empty();
    }

    private static List<String> names(String list) {
        return Stream.of(list.split("[,\\s]+")).filter(name -> !name.isEmpty()).toList();
    }
}
