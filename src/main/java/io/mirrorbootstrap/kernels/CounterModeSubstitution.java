package io.mirrorbootstrap.kernels;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/** The counter mode, and so that of AES-GCM: whole blocks of AES by the kernel, what is left as it was. */
@TargetClass(className = "com.sun.crypto.provider.CounterMode", onlyWith = AesIsAsExpected.class)
final class CounterModeSubstitution {

    @Alias
    private byte[] counter;
    @Alias
    private byte[] encryptedCounter;
    @Alias
    private int used;

    private CounterModeSubstitution() {
    }

    @Alias
    private static native void increment(byte[] counter);

    @Substitute
    private int implCrypt(byte[] in, int inOff, int len, byte[] out, int outOff) {
        SymmetricCipherAlias cipher = ((FeedbackCipherAlias) (Object) this).embeddedCipher;
        int done = 0;
        if (used >= AesKernels.BLOCK_BYTES && len >= AesKernels.BLOCK_BYTES && AesKernels.areThere()
                && (Object) cipher instanceof AesSubstitution aes) {
            done = len - len % AesKernels.BLOCK_BYTES;
            AesKernels.counterMode(in, inOff, done, out, outOff, counter, aes.K);
        }
        for (; done < len; done++) {
            if (used >= counter.length) {
                cipher.encryptBlock(counter, 0, encryptedCounter, 0);
                increment(counter);
                used = 0;
            }
            out[outOff + done] = (byte) (in[inOff + done] ^ encryptedCounter[used++]);
        }
        return len;
    }

    /** What the mode encrypts with. */
    @TargetClass(className = "com.sun.crypto.provider.FeedbackCipher", onlyWith = AesIsAsExpected.class)
    static final class FeedbackCipherAlias {

        @Alias
        SymmetricCipherAlias embeddedCipher;

        private FeedbackCipherAlias() {
        }
    }

    /** A cipher of blocks. */
    @TargetClass(className = "com.sun.crypto.provider.SymmetricCipher", onlyWith = AesIsAsExpected.class)
    static final class SymmetricCipherAlias {

        private SymmetricCipherAlias() {
        }

        @Alias
        native void encryptBlock(byte[] in, int inOffset, byte[] out, int outOffset);
    }
}
