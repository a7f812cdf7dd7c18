/**
 * Directories as tar archives: a directory is packed while it is read, the same bytes each time as long as it stays the same
 * ({@link io.mirrorbootstrap.archive.PackedDirectory}), and an archive of a stranger becomes a directory, or nothing
 * ({@link io.mirrorbootstrap.archive.Extraction}).
 * <p>
 * Knows the disk ({@code store}) for the words of its failures, and Commons Compress for the headers of members; neither a database nor
 * a snapshot, no framework. Memory does not grow with the bytes of a member, and {@link io.mirrorbootstrap.archive.HeldMemory} bounds
 * what grows with their number.
 */
package io.mirrorbootstrap.archive;
