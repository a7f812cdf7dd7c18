package io.mirrorbootstrap.kernels;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.RecomputeFieldValue;
import com.oracle.svm.core.annotate.RecomputeFieldValue.Kind;
import com.oracle.svm.core.annotate.TargetClass;

/** The arguments and the environment of what a native executable starts, as {@link NamesSubstitution} has it for files. */
@TargetClass(className = "java.lang.ProcessImpl")
final class ArgumentsSubstitution {

    @Alias
    @RecomputeFieldValue(kind = Kind.FromAlias, isFinal = true)
    private static Charset JNU_CHARSET = StandardCharsets.UTF_8;

    private ArgumentsSubstitution() {
    }
}
