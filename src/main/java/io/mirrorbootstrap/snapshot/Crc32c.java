package io.mirrorbootstrap.snapshot;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * A CRC-32C (Castagnoli) value: 32 bits, printed as {@code 0x} and eight hex digits.
 * <p>
 * Two values can be {@linkplain #followedBy(Crc32c, long) joined} without reading the bytes again. That is why a
 * snapshot needs one pass only: each chunk's CRC is computed on its own, so that a refused chunk leaves the running CRC
 * of the transfer untouched, and an accepted one is joined to it.
 *
 * @param bits the value, to be read as unsigned
 */
public record Crc32c(int bits) {

    /** The CRC-32C of no bytes at all. */
    public static final Crc32c EMPTY = new Crc32c(0);

    /** The Castagnoli polynomial, bits reflected, without the leading term. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private static final Pattern TEXT = Pattern.compile("0x[0-9a-fA-F]{8}");

    /** {@code SHIFT[i]} is x^(8 * 2^i) modulo the polynomial: what 2^i zero bytes do to a CRC. */
    private static final int[] SHIFT = shifts();

    /**
     * The CRC-32C of the remaining bytes, which are consumed.
     *
     * @param bytes heap or direct
     */
    public static Crc32c of(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return of(crc);
    }

    /** The current value of a JDK checksum. */
    public static Crc32c of(CRC32C checksum) {
        return new Crc32c((int) checksum.getValue());
    }

    /**
     * Reads the printed form.
     *
     * @param text {@code 0x} and exactly eight hex digits
     * @return empty when {@code text} is of another form
     */
    public static Optional<Crc32c> parse(String text) {
        return TEXT.matcher(Objects.requireNonNull(text)).matches()
                ? Optional.of(new Crc32c(Integer.parseUnsignedInt(text, 2, 10, 16)))
                : Optional.empty();
    }

    /** The value as an unsigned number: 0 to 2^32-1. */
    public long unsigned() {
        return Integer.toUnsignedLong(bits);
    }

    /**
     * The CRC-32C of this value's bytes followed by the bytes of {@code next}.
     *
     * @param next the CRC of the bytes that follow
     * @param nextBytes how many bytes these are, 0 or more
     */
    public Crc32c followedBy(Crc32c next, long nextBytes) {
        if (nextBytes < 0) {
            throw new IllegalArgumentException("nextBytes is " + nextBytes + ", must not be negative");
        }
        int moved = bits;
        int i = 0;
        for (long n = nextBytes; n != 0; n >>>= 1, i++) {
            if ((n & 1) != 0) {
                moved = multiply(SHIFT[i], moved);
            }
        }
        return new Crc32c(moved ^ next.bits);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "0x%08x", bits);
    }

    private static int[] shifts() {
        int[] shifts = new int[Long.SIZE - 1];
        shifts[0] = 1 << 23; // x^8, bits reflected: x^0 is the highest bit
        for (int i = 1; i < shifts.length; i++) {
            shifts[i] = multiply(shifts[i - 1], shifts[i - 1]);
        }
        return shifts;
    }

    /** The product of two polynomials over GF(2), bits reflected, modulo {@link #POLYNOMIAL}. */
    private static int multiply(int a, int b) {
        int product = 0;
        int power = b;
        for (int rest = a; rest != 0; rest <<= 1) {
            if (rest < 0) {
                product ^= power;
            }
            power = (power >>> 1) ^ (POLYNOMIAL & -(power & 1));
        }
        return product;
    }
}
