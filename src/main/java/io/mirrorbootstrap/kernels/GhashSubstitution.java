package io.mirrorbootstrap.kernels;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/** The hash of AES-GCM. */
@TargetClass(className = "com.sun.crypto.provider.GHASH", onlyWith = AesIsAsExpected.class)
final class GhashSubstitution {

    private GhashSubstitution() {
    }

    @Alias
    private static native void processBlock(byte[] data, int offset, long[] state, long[] key);

    @Substitute
    private static void processBlocks(byte[] data, int offset, int blocks, long[] state, long[] key) {
        if (blocks > 0 && AesKernels.areThere()) { // there may be no element at the offset
            AesKernels.ghash(data, offset, blocks, state, key);
            return;
        }
        for (int i = 0; i < blocks; i++) {
            processBlock(data, offset + i * AesKernels.BLOCK_BYTES, state, key);
        }
    }
}
