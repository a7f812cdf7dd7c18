package io.mirrorbootstrap.kernels;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

import org.graalvm.nativeimage.PinnedObject;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

import io.netty.util.internal.PlatformDependent;

/** {@code Masking} of memory outside the heap, where payload is, and of arrays, where it is when it was encrypted. */
@TargetClass(className = "io.mirrorbootstrap.wire.Masking", onlyWith = KernelsAreLinked.class)
final class MaskingSubstitution {

    private MaskingSubstitution() {
    }

    @Substitute
    public static void mask(ByteBuffer bytes, int mask) {
        if (!bytes.hasRemaining()) { // there may be no element at the position
            return;
        }
        if (bytes.isDirect() && PlatformDependent.hasUnsafe()) {
            Kernels.mask(PlatformDependent.directBufferAddress(bytes) + bytes.position(), bytes.remaining(), mask);
            Reference.reachabilityFence(bytes);
            return;
        }
        if (bytes.hasArray()) {
            try (PinnedObject pinned = PinnedObject.create(bytes.array())) {
                int first = bytes.arrayOffset() + bytes.position();
                Kernels.mask(pinned.addressOfArrayElement(first).rawValue(), bytes.remaining(), mask);
            }
            return;
        }
        for (int i = 0; i < bytes.remaining(); i++) {
            int at = bytes.position() + i;
            bytes.put(at, (byte) (bytes.get(at) ^ mask >>> Integer.SIZE - Byte.SIZE * (i % Integer.BYTES + 1)));
        }
    }
}
