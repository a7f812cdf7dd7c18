package io.mirrorbootstrap.kernels;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/** The encryption of one block by AES. */
@TargetClass(className = "com.sun.crypto.provider.AESCrypt", onlyWith = AesIsAsExpected.class)
final class AesSubstitution {

    /** The schedule; where the object encrypts, and this is called nowhere else, that for encrypting. */
    @Alias
    int[] K;

    private AesSubstitution() {
    }

    @Alias
    private native void implEncryptBlock(byte[] in, int inOffset, byte[] out, int outOffset);

    @Substitute
    void encryptBlock(byte[] in, int inOffset, byte[] out, int outOffset) {
        if (AesKernels.areThere()) {
            AesKernels.block(in, inOffset, out, outOffset, K);
        } else {
            implEncryptBlock(in, inOffset, out, outOffset);
        }
    }
}
