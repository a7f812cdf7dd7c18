package io.mirrorbootstrap.kernels;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

import io.netty.util.internal.PlatformDependent;

/** {@code Unmasking} of memory outside the heap, where payload is. */
@TargetClass(className = "io.mirrorbootstrap.link.Unmasking", onlyWith = KernelsAreLinked.class)
final class UnmaskingSubstitution {

    private UnmaskingSubstitution() {
    }

    @Substitute
    static void unmask(ByteBuffer bytes, int mask) {
        if (bytes.isDirect() && PlatformDependent.hasUnsafe()) {
            Kernels.unmask(PlatformDependent.directBufferAddress(bytes) + bytes.position(), bytes.remaining(), mask);
            Reference.reachabilityFence(bytes);
            return;
        }
        for (int i = 0; i < bytes.remaining(); i++) {
            int at = bytes.position() + i;
            bytes.put(at, (byte) (bytes.get(at) ^ mask >>> Integer.SIZE - Byte.SIZE * (i % Integer.BYTES + 1)));
        }
    }
}
