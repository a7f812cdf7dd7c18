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

    /** What a token may be, for whoever has written another. */
    public static final String RULE = "a token is letters, digits and ._~+/-=, without blanks";

    private static final byte[] UTF_8_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final byte[] UTF_16_MARK = {(byte) 0xFE, (byte) 0xFF};
    private static final byte[] UTF_16_MARK_REVERSED = {(byte) 0xFF, (byte) 0xFE};

    /**
     * What a whole file of tokens says: UTF-8, perhaps behind the mark that some editors put there.
     *
     * @throws CharacterCodingException when it is something else, with a clause for a person that follows the file's name
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
