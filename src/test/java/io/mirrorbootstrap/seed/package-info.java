/** Rules of whom a sidecar asks for what it lacks; how it helps itself is in {@code SeedIT}. */
package io.mirrorbootstrap.seed;
