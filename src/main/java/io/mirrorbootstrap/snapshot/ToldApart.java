package io.mirrorbootstrap.snapshot;

import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * By what callers are told apart, and whether each has its share only of what all of them use: the one rule for all shares, asked
 * whenever a place is asked for.
 */
public enum ToldApart {

    /** One caller is known, or nothing is asked of anybody: it may take everything. */
    NOT,
    /** Several callers have tokens, and no certificate is asked for. */
    BY_TOKEN,
    /** Certificates are asked for, and no tokens of several callers. */
    BY_CERTIFICATE,
    /** Both: who shows another of either is another caller, as neither says that two who share it are one. */
    BY_BOTH;

    /** Whether a caller may have its share only. */
    public boolean sharesBind() {
        return this != NOT;
    }

    /** The name under which {@code who} is counted now; empty for one of whom nothing is asked. */
    public String name(CallerId who) {
        Optional<String> certificate = who.certificate().filter(any -> this == BY_CERTIFICATE || this == BY_BOTH);
        Optional<String> token = who.token().filter(any -> this != BY_CERTIFICATE || certificate.isEmpty());
        // a token's name has no space: no two pairs make the same name
        return Stream.of(token, certificate).flatMap(Optional::stream).collect(Collectors.joining(" "));
    }

    /** Whether both are one caller now. */
    public boolean isSame(CallerId one, CallerId other) {
        return name(one).equals(name(other));
    }
}
