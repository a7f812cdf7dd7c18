package io.mirrorbootstrap.snapshot;

import java.util.Optional;

/**
 * What tells a caller from others. It stays the same for as long as a caller has anything here, however many others are known:
 * what is taken is always counted for somebody.
 *
 * @param token its token, by the name of that where it has one; empty: no token is asked for
 * @param certificate its certificate, by cluster or subject; empty: none is asked for
 */
public record CallerId(Optional<String> token, Optional<String> certificate) {

    /** A caller of whom nothing is asked. */
    public static final CallerId NOBODY = new CallerId(Optional.empty(), Optional.empty());

    /** A caller with a token. */
    public static CallerId ofToken(String token) {
        return new CallerId(Optional.of(token), Optional.empty());
    }

    /** The same caller, with a certificate too. */
    public CallerId with(String shown) {
        return new CallerId(token, Optional.of(shown));
    }
}
