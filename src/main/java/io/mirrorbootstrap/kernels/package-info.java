/**
 * What the native executable has in place of two loops over payload, and of the JDK's AES and GHASH, which an ahead-of-time compiler
 * makes five to thirty times slower than the JVM does: substitutions that call the C functions of {@code src/main/c}. On a JVM nothing
 * here is ever loaded.
 * <p>
 * Nobody calls what is here, and it knows nobody but the classes whose methods it replaces. What the methods do must stay
 * the same; {@code KernelsTest} and {@code AesKernelsTest} compare, and {@code KernelsIT} sends payload to what was built.
 */
package io.mirrorbootstrap.kernels;
