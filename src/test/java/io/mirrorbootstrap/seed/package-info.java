/** Rules of whom a sidecar asks for what it lacks; how it helps itself is in {@code SeedIT} and {@code SeedStorageIT}. */
package io.mirrorbootstrap.seed;
