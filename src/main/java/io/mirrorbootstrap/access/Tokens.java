package io.mirrorbootstrap.access;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The tokens that let somebody in; kept and compared as their SHA-256. Any thread.
 *
 * @param digests of the tokens
 * @param badLines the numbers, from 1, of the lines that hold none
 */
record Tokens(List<ByteBuffer> digests, List<Integer> badLines) {

    /** What RFC 6750 calls {@code b64token}: all that a header can carry. */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private static final String SCHEME = "Bearer ";

    /** Nobody is let in. */
    static final Tokens NONE = new Tokens(List.of(), List.of());

    /** Reads one token a line; empty lines and those that begin with {@code #} are passed over. */
    static Tokens parse(String text) {
        List<ByteBuffer> digests = new ArrayList<>();
        List<Integer> bad = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            String token = line.strip();
            if (TOKEN.matcher(token).matches()) {
                digests.add(ByteBuffer.wrap(digest(token)));
            } else if (!token.isEmpty() && !token.startsWith("#")) {
                bad.add(number);
            }
        }
        return new Tokens(List.copyOf(digests), List.copyOf(bad));
    }

    /**
     * Whether {@code authorization}, the value of that header, has one of the tokens. Takes as long for a token that is
     * nearly right as for any other.
     */
    boolean accept(String authorization) {
        if (!authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return false;
        }
        byte[] given = digest(authorization.substring(SCHEME.length()).strip());
        boolean accepted = false;
        for (ByteBuffer each : digests) {
            accepted |= MessageDigest.isEqual(given, each.array());
        }
        return accepted;
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
