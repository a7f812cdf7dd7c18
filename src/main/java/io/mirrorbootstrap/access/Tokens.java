package io.mirrorbootstrap.access;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

import io.mirrorbootstrap.snapshot.CallerId;
import io.mirrorbootstrap.snapshot.DatabaseId;
import io.mirrorbootstrap.snapshot.Principal;
import io.mirrorbootstrap.wire.TokenLine;

/**
 * The tokens that let callers in; kept and compared as their SHA-256. Any thread.
 *
 * @param known the tokens, each by its digest
 * @param callers how many different callers have them: those with the same name are one
 * @param badLines the numbers, from 1, of the lines that have no valid token
 */
record Tokens(Map<ByteBuffer, Token> known, long callers, List<Integer> badLines) {

    private static final String SCHEME = "Bearer ";

    /** Nobody is let in. */
    static final Tokens NONE = new Tokens(Map.of(), 0, List.of());

    /**
     * One token.
     *
     * @param digest its SHA-256
     * @param name of its caller
     * @param databases the only ones that it is for; empty: any
     */
    record Token(ByteBuffer digest, Optional<String> name, Optional<Set<DatabaseId>> databases) {

        private String id() {
            return name.map(known -> "token " + known)
                    .orElseGet(() -> "token #" + HexFormat.of().formatHex(digest.array()));
        }
    }

    /**
     * Reads one token a line, as {@code token}, {@code token = name} or {@code token = name: database, database}; empty
     * lines and lines that begin with {@code #} are ignored.
     */
    static Tokens parse(String text) {
        Map<ByteBuffer, Token> tokens = new HashMap<>();
        List<Integer> bad = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (!TokenLine.isBlank(line)) {
                // a token on two lines would belong to two callers
                Optional<Token> token = TokenLine.parse(line).flatMap(Tokens::token);
                if (token.isEmpty() || tokens.putIfAbsent(token.get().digest(), token.get()) != null) {
                    bad.add(number);
                }
            }
        }
        return of(tokens, bad);
    }

    private static Tokens of(Map<ByteBuffer, Token> known, List<Integer> badLines) {
        return new Tokens(Map.copyOf(known), known.values().stream().map(Token::id).distinct().count(),
                List.copyOf(badLines));
    }

    /** The tokens that are the same, with the same rights, in {@code other}. */
    Tokens agreedWith(Tokens other) {
        return equals(other)
                ? this
                : of(known.values().stream().filter(token -> token.equals(other.known().get(token.digest())))
                        .collect(Collectors.toMap(Token::digest, token -> token)), badLines);
    }

    private static Optional<Token> token(TokenLine line) {
        // a list restricts: a token whose list cannot be read must not let anybody in
        boolean isBad = line.databases().filter(all -> all.isEmpty() || !all.stream().allMatch(DatabaseId::isValid))
                .isPresent();
        return isBad
                ? Optional.empty()
                : Optional.of(new Token(ByteBuffer.wrap(digest(line.token())), line.name(), line.databases()
                        .map(all -> all.stream().map(DatabaseId::new).collect(Collectors.toUnmodifiableSet()))));
    }

    /** Whether {@code authorization}, the value of that header, has a token, known or not. */
    static boolean isShown(String authorization) {
        return authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    }

    /**
     * The token that {@code authorization}, the value of that header, has, if it is known. The time does not depend on how
     * much of a token is right.
     */
    Optional<Token> accept(String authorization) {
        if (!isShown(authorization)) {
            return Optional.empty();
        }
        byte[] given = digest(authorization.substring(SCHEME.length()).strip());
        Optional<Token> accepted = Optional.empty();
        for (Token each : known.values()) {
            if (MessageDigest.isEqual(given, each.digest().array())) {
                accepted = Optional.of(each);
            }
        }
        return accepted;
    }

    /** On whose behalf {@code token} is shown. */
    static Principal principal(Token token) {
        return new Principal(CallerId.ofToken(token.id()), Optional.empty(), token.name(), true, token.databases());
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
