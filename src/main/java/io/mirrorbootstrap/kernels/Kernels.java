package io.mirrorbootstrap.kernels;

import org.graalvm.nativeimage.c.function.CFunction;
import org.graalvm.nativeimage.c.function.CFunction.Transition;

/**
 * The C functions of {@code src/main/c/kernels.c}. They are called without a transition, as they are short: no garbage is
 * collected meanwhile. An array may be moved between the look at its address and the call, so it is pinned.
 */
final class Kernels {

    private Kernels() {
    }

    /**
     * Goes on with a CRC-32C.
     *
     * @param crc the state before, as {@link java.util.zip.CRC32C} keeps it
     * @param address of the bytes
     * @param length how many, 0 or more
     * @return the state after them
     */
    @CFunction(value = "mirror_bootstrap_crc32c", transition = Transition.NO_TRANSITION)
    static native int crc32c(int crc, long address, long length);

    /**
     * Masks the payload of a WebSocket frame, in place, or undoes that.
     *
     * @param address of the bytes
     * @param length how many, 0 or more
     * @param mask the key, its byte for the first one highest
     */
    @CFunction(value = "mirror_bootstrap_mask", transition = Transition.NO_TRANSITION)
    static native void mask(long address, long length, int mask);
}
