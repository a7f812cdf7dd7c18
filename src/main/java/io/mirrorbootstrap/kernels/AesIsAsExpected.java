package io.mirrorbootstrap.kernels;

import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * Whether the kernels are linked, and the JDK of the image that is being built has AES-GCM in the classes and methods in whose
 * places they can be called, which are not its interface. Otherwise its own code stays, which is right, and slow; the build says so.
 */
final class AesIsAsExpected implements BooleanSupplier {

    /** Found out once: it is asked for each of the classes, and is one line of the build. */
    private static final boolean IS_AS_EXPECTED = new KernelsAreLinked().getAsBoolean() && isAsExpected();

    @Override
    public boolean getAsBoolean() {
        return IS_AS_EXPECTED;
    }

    private static boolean isAsExpected() {
        boolean isAsExpected = has("AESCrypt", "implEncryptBlock", "encryptBlock")
                && has("CounterMode", "implCrypt", "increment")
                && has("GHASH", "processBlocks", "processBlock") && has("SymmetricCipher", "encryptBlock");
        if (!isAsExpected) {
            System.err.println("mirror-bootstrap: this JDK's AES is not what the kernels know: TLS will be slow");
        }
        return isAsExpected;
    }

    private static boolean has(String name, String... methods) {
        try {
            Class<?> type = Class.forName("com.sun.crypto.provider." + name, false, null);
            return Arrays.stream(methods)
                    .allMatch(method -> Arrays.stream(type.getDeclaredMethods())
                            .anyMatch(it -> it.getName().equals(method)));
        } catch (ClassNotFoundException e) {
            return false;
        }
    }
}
