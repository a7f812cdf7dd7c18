package io.mirrorbootstrap.wire;

import java.util.Optional;

import io.netty.util.NetUtil;

/**
 * A block of IPv4 or IPv6 addresses that begin with the same bits, in the notation of CIDR; or a single address. Any thread; asks no
 * name server.
 *
 * @param network 4 or 16 bytes; not to be changed
 * @param bits how many of its first bits count
 */
public record AddressBlock(byte[] network, int bits) {

    /** Reads {@code 10.0.0.0/8}, {@code fd00::/8}, {@code ::1}; empty when {@code text} is no block. */
    public static Optional<AddressBlock> parse(String text) {
        int slash = text.indexOf('/');
        byte[] network = bytes(slash < 0 ? text : text.substring(0, slash));
        String length = slash < 0 ? "" : text.substring(slash + 1);
        if (network == null || slash >= 0 && !length.matches("\\d{1,3}")) {
            return Optional.empty();
        }
        int bits = slash < 0 ? Byte.SIZE * network.length : Integer.parseInt(length);
        return bits > Byte.SIZE * network.length ? Optional.empty() : Optional.of(new AddressBlock(network, bits));
    }

    /** Whether {@code address} is an address in this block. */
    public boolean contains(String address) {
        byte[] other = bytes(address);
        if (other == null || other.length != network.length) {
            return false;
        }
        for (int i = 0; i < bits; i++) {
            int bit = Byte.SIZE - 1 - i % Byte.SIZE;
            if (((network[i / Byte.SIZE] ^ other[i / Byte.SIZE]) >> bit & 1) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Whether {@code text} is an address of IPv4 or IPv6. */
    public static boolean isAddress(String text) {
        return bytes(text) != null;
    }

    private static byte[] bytes(String text) {
        return text.indexOf('%') >= 0 ? null : NetUtil.createByteArrayFromIpAddressString(text); // Netty takes any text behind the %
    }
}
