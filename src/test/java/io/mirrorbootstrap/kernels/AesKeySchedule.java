package io.mirrorbootstrap.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The key schedule of AES (FIPS 197, 5.2), as the JDK keeps it: words, of which each one's first byte is the highest. */
final class AesKeySchedule {

    private static final int WORDS_OF_A_ROUND = 4;

    private AesKeySchedule() {
    }

    static int rounds(byte[] key) {
        return key.length / Integer.BYTES + 6;
    }

    /** In the machine's order, as an array of int lies in memory. */
    static byte[] of(byte[] key) {
        int ofKey = key.length / Integer.BYTES;
        int[] words = new int[WORDS_OF_A_ROUND * (rounds(key) + 1)];
        ByteBuffer.wrap(key).asIntBuffer().get(words, 0, ofKey);
        int constant = 1;
        for (int i = ofKey; i < words.length; i++) {
            int word = words[i - 1];
            if (i % ofKey == 0) {
                word = substituted(Integer.rotateLeft(word, Byte.SIZE)) ^ constant << 24;
                constant = doubled(constant);
            } else if (ofKey > 6 && i % ofKey == 4) {
                word = substituted(word);
            }
            words[i] = words[i - ofKey] ^ word;
        }
        ByteBuffer bytes = ByteBuffer.allocate(words.length * Integer.BYTES).order(ByteOrder.nativeOrder());
        bytes.asIntBuffer().put(words);
        return bytes.array();
    }

    private static int substituted(int word) {
        int substituted = 0;
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            int inverse = inverse(word >>> shift & 0xFF);
            int affine = 0x63;
            for (int turn = 0; turn < 5; turn++) {
                affine ^= (inverse << turn | inverse >>> Byte.SIZE - turn) & 0xFF;
            }
            substituted |= affine << shift;
        }
        return substituted;
    }

    /** To the power of 254. */
    private static int inverse(int of) {
        int power = 1;
        for (int i = 0; i < 254; i++) {
            power = product(power, of);
        }
        return power;
    }

    private static int product(int a, int b) {
        int product = 0;
        for (int of = a, by = b; by != 0; by >>>= 1, of = doubled(of)) {
            product ^= (by & 1) == 0 ? 0 : of;
        }
        return product;
    }

    private static int doubled(int of) {
        return (of << 1 ^ ((of & 0x80) == 0 ? 0 : 0x11B)) & 0xFF;
    }
}
