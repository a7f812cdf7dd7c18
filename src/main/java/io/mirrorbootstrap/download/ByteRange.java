package io.mirrorbootstrap.download;

import java.math.BigInteger;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which bytes are to be sent.
 *
 * @param from the first
 * @param to behind the last
 * @param isPart whether a range was asked for, be it of all bytes
 */
record ByteRange(long from, long to, boolean isPart) {

    /** One range. What is none, or names several, is answered with all bytes, which RFC 9110 allows. */
    private static final Pattern SINGLE = Pattern.compile("(?i:bytes)=[ \t]*(?:(\\d+)-(\\d*)|-(\\d+))[ \t]*");

    ByteRange {
        assert from >= 0 && from <= to : from + " to " + to;
    }

    static ByteRange all(long bytes) {
        return new ByteRange(0, bytes, false);
    }

    long bytes() {
        return to - from;
    }

    /**
     * What {@code header} asks for.
     *
     * @param header the value of {@code Range}
     * @param bytes how many there are
     * @return empty when none of them is meant: to be answered with 416; all of them when the header says nothing
     */
    static Optional<ByteRange> of(String header, long bytes) {
        Matcher single = SINGLE.matcher(header);
        if (!single.matches()) {
            return Optional.of(all(bytes));
        }
        if (single.group(3) != null) {
            long last = most(new BigInteger(single.group(3)), bytes);
            return last == 0 ? Optional.empty() : Optional.of(new ByteRange(bytes - last, bytes, true));
        }
        BigInteger first = new BigInteger(single.group(1));
        Optional<BigInteger> last = Optional.of(single.group(2)).filter(digits -> !digits.isEmpty())
                .map(BigInteger::new);
        if (last.filter(number -> number.compareTo(first) < 0).isPresent()) {
            return Optional.of(all(bytes)); // "9-3" is no range
        }
        long from = most(first, bytes);
        long to = last.map(number -> most(number.add(BigInteger.ONE), bytes)).orElse(bytes);
        return from == bytes ? Optional.empty() : Optional.of(new ByteRange(from, to, true));
    }

    private static long most(BigInteger number, long most) {
        return number.min(BigInteger.valueOf(most)).longValueExact();
    }
}
