package io.mirrorbootstrap.kernels;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.RecomputeFieldValue;
import com.oracle.svm.core.annotate.RecomputeFieldValue.Kind;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * The names of files in a native executable: UTF-8, as its arguments are. Otherwise they have the character set of the machine that
 * the executable was built on, and where that was ASCII no other name could be opened.
 */
@TargetClass(className = "sun.nio.fs.Util")
final class NamesSubstitution {

    @Alias
    @RecomputeFieldValue(kind = Kind.FromAlias, isFinal = true)
    private static Charset jnuEncoding = StandardCharsets.UTF_8;

    private NamesSubstitution() {
    }
}
