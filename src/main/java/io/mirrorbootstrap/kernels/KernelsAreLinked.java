package io.mirrorbootstrap.kernels;

import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Whether the image that is being built has the kernels: the build says so when it links them, and they have instructions of
 * two architectures only. Elsewhere the Java code stays as it is.
 */
final class KernelsAreLinked implements BooleanSupplier {

    private static final Set<String> ARCHITECTURES = Set.of("amd64", "aarch64");

    @Override
    public boolean getAsBoolean() {
        return Boolean.getBoolean("mirror-bootstrap.kernels")
                && ARCHITECTURES.contains(System.getProperty("os.arch"));
    }
}
