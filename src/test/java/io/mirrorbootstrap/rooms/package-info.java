/** The plan of the house: which room may use which, read from the drawing in {@code docs/architecture.md}. */
package io.mirrorbootstrap.rooms;
