/**
 * Fuzz tests of what reads bytes from outside. As part of the build each runs on the inputs kept in its directory below
 * {@code src/test/resources}; {@code mvn test -Pfuzz -Dtest=ChunkDecoderFuzzTest -Dfuzz.duration=10m} looks for new
 * ones, and puts an input that fails into that directory.
 */
package io.mirrorbootstrap.fuzz;
