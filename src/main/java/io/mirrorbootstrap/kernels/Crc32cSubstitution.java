package io.mirrorbootstrap.kernels;

import java.util.zip.CRC32C;

import org.graalvm.nativeimage.PinnedObject;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * {@link CRC32C} of memory outside the heap, where payload is, and of arrays, where it is when it was encrypted. The methods are
 * those behind its public ones, which have checked the bounds.
 */
@TargetClass(value = CRC32C.class, onlyWith = KernelsAreLinked.class)
final class Crc32cSubstitution {

    private Crc32cSubstitution() {
    }

    @Substitute
    private static int updateDirectByteBuffer(int crc, long address, int off, int end) {
        return Kernels.crc32c(crc, address + off, (long) end - off);
    }

    @Substitute
    private static int updateBytes(int crc, byte[] bytes, int off, int end) {
        if (off >= end) { // there may be no element at off
            return crc;
        }
        try (PinnedObject pinned = PinnedObject.create(bytes)) {
            return Kernels.crc32c(crc, pinned.addressOfArrayElement(off).rawValue(), (long) end - off);
        }
    }
}
