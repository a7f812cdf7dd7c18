package io.mirrorbootstrap.wire;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.mirrorbootstrap.snapshot.Principal;

/**
 * A line of a file of tokens: {@code token}, {@code token = name} or {@code token = name: database, database}. The sidecar and its
 * clients may share the file. Any thread.
 *
 * @param token what RFC 6750 calls {@code b64token}: all that a header can carry
 * @param name of the caller that has the token
 * @param databases the databases that it is for, as written, not checked; empty: any
 */
public record TokenLine(String token, Optional<String> name, Optional<List<String>> databases) {

    private static final Pattern LINE = Pattern
            .compile("(?<token>[A-Za-z0-9._~+/-]+=*)(?:\\s*=\\s*(?<name>" + Principal.OWNER_NAME
                    + ")\\s*(?<list>:.*)?)?");

    /** What a token may be, for a person who has written something else. */
    public static final String RULE = "a token is letters, digits and ._~+/-=, without blanks";

    private static final byte[] UTF_8_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final byte[] UTF_16_MARK = {(byte) 0xFE, (byte) 0xFF};
    private static final byte[] UTF_16_MARK_REVERSED = {(byte) 0xFF, (byte) 0xFE};

    /**
     * The text of a whole file of tokens: UTF-8, with or without a byte order mark.
     *
     * @throws CharacterCodingException when the file is not UTF-8; the message is a clause that follows the file's name
     */
    public static String text(byte[] file) throws CharacterCodingException {
        if (begins(file, UTF_16_MARK) || begins(file, UTF_16_MARK_REVERSED)) {
            throw new WrongText("is UTF-16, it must be UTF-8");
        }
        int start = begins(file, UTF_8_MARK) ? UTF_8_MARK.length : 0;
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(file, start, file.length - start))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new WrongText("has bytes that are no UTF-8");
        }
    }

    private static boolean begins(byte[] file, byte[] mark) {
        return file.length >= mark.length && Arrays.equals(file, 0, mark.length, mark, 0, mark.length);
    }

    private static final class WrongText extends CharacterCodingException {

        private static final long serialVersionUID = 1;

        private final String clause;

        WrongText(String clause) {
            this.clause = clause;
        }

        @Override
        public String getMessage() {
            return clause;
        }
    }

    /** Whether {@code line} is blank or a comment. */
    public static boolean isBlank(String line) {
        return line.isBlank() || line.strip().startsWith("#");
    }

    /** Reads {@code line}; empty when it has none of the three forms. */
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
