package io.mirrorbootstrap.snapshot;

/**
 * By what callers are told apart, and whether each has its share only of what all of them use: the one rule for all shares, asked
 * whenever a place is asked for.
 */
public enum ToldApart {

    /** One caller is known, or nothing is asked of anybody: it may take everything. */
    NOT,
    /** Several callers have tokens. */
    BY_TOKEN,
    /** Certificates are asked for. */
    BY_CERTIFICATE;

    /** Whether a caller may have its share only. */
    public boolean sharesBind() {
        return this != NOT;
    }

    /** The name under which {@code who} is counted now; empty for one of whom nothing is asked. */
    public String name(CallerId who) {
        return (this == BY_CERTIFICATE
                ? who.certificate().or(who::token)
                : who.token().or(who::certificate)).orElse("");
    }

    /** Whether both are one caller now. */
    public boolean isSame(CallerId one, CallerId other) {
        return name(one).equals(name(other));
    }
}
