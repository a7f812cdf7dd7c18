package io.mirrorbootstrap.kernels;

import java.util.Objects;

import org.graalvm.nativeimage.PinnedObject;
import org.graalvm.nativeimage.c.function.CFunction;
import org.graalvm.nativeimage.c.function.CFunction.Transition;

/**
 * The C functions of {@code src/main/c/aes.c}, on the arrays in which the JDK's ciphers have what they work on: called and pinned as
 * {@link Kernels} says. C has no bounds, so they are looked at here.
 */
final class AesKernels {

    static final int BLOCK_BYTES = 16;

    private static final int WORDS_OF_A_ROUND = 4;

    private AesKernels() {
    }

    /** Whether the processor has the instructions; elsewhere nothing else of this class may be called. */
    static boolean areThere() {
        return hasAes() != 0;
    }

    /**
     * Encrypts one block.
     *
     * @param schedule for encrypting: words, of which each one's first byte is the highest
     */
    static void block(byte[] in, int inOffset, byte[] out, int outOffset, int[] schedule) {
        Objects.checkFromIndexSize(inOffset, BLOCK_BYTES, in.length);
        Objects.checkFromIndexSize(outOffset, BLOCK_BYTES, out.length);
        try (PinnedObject read = PinnedObject.create(in);
                PinnedObject written = PinnedObject.create(out);
                PinnedObject key = PinnedObject.create(schedule)) {
            aesBlock(at(read, inOffset), at(written, outOffset), at(key, 0), rounds(schedule));
        }
    }

    /**
     * Encrypts or decrypts whole blocks in counter mode. {@code out} may be {@code in}, from the same offset on or from one before.
     *
     * @param bytes how many, 16 or more, a multiple of 16
     * @param counter the 16 bytes that count, for the first block, and then for the next one
     * @param schedule as of {@link #block}
     */
    static void counterMode(byte[] in, int inOffset, int bytes, byte[] out, int outOffset, byte[] counter,
            int[] schedule) {
        assert bytes > 0 && bytes % BLOCK_BYTES == 0 && counter.length == BLOCK_BYTES : bytes;
        Objects.checkFromIndexSize(inOffset, bytes, in.length);
        Objects.checkFromIndexSize(outOffset, bytes, out.length);
        try (PinnedObject read = PinnedObject.create(in);
                PinnedObject written = PinnedObject.create(out);
                PinnedObject counting = PinnedObject.create(counter);
                PinnedObject key = PinnedObject.create(schedule)) {
            aesCounter(at(read, inOffset), at(written, outOffset), bytes, at(counting, 0), at(key, 0),
                    rounds(schedule));
        }
    }

    /**
     * Goes on with a GHASH.
     *
     * @param blocks how many of 16 bytes, 1 or more
     * @param state two longs, the higher one first: the hash before, and after
     * @param key the same
     */
    static void ghash(byte[] data, int offset, int blocks, long[] state, long[] key) {
        assert blocks > 0 && state.length >= 2 && key.length >= 2 : blocks;
        Objects.checkFromIndexSize(offset, blocks * BLOCK_BYTES, data.length);
        try (PinnedObject hashed = PinnedObject.create(data);
                PinnedObject hash = PinnedObject.create(state);
                PinnedObject hashKey = PinnedObject.create(key)) {
            ghash(at(hashed, offset), blocks, at(hash, 0), at(hashKey, 0));
        }
    }

    private static int rounds(int[] schedule) {
        int rounds = schedule.length / WORDS_OF_A_ROUND - 1;
        assert rounds == 10 || rounds == 12 || rounds == 14 : rounds;
        return rounds;
    }

    private static long at(PinnedObject array, int index) {
        return array.addressOfArrayElement(index).rawValue();
    }

    @CFunction(value = "mirror_bootstrap_has_aes", transition = Transition.NO_TRANSITION)
    private static native int hasAes();

    @CFunction(value = "mirror_bootstrap_aes_block", transition = Transition.NO_TRANSITION)
    private static native void aesBlock(long in, long out, long key, int rounds);

    @CFunction(value = "mirror_bootstrap_aes_counter", transition = Transition.NO_TRANSITION)
    private static native void aesCounter(long in, long out, long length, long counter, long key, int rounds);

    @CFunction(value = "mirror_bootstrap_ghash", transition = Transition.NO_TRANSITION)
    private static native void ghash(long data, long blocks, long state, long key);
}
