package io.mirrorbootstrap.kernels;

import java.util.zip.CRC32C;

import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/** {@link CRC32C} of memory outside the heap, where payload is. */
@TargetClass(value = CRC32C.class, onlyWith = KernelsAreLinked.class)
final class Crc32cSubstitution {

    private Crc32cSubstitution() {
    }

    @Substitute
    private static int updateDirectByteBuffer(int crc, long address, int off, int end) {
        return Kernels.crc32c(crc, address + off, (long) end - off);
    }
}
