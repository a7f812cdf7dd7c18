/**
 * The way out: committed snapshots and their manifests are read through the port, by siblings and by people.
 * <p>
 * Knows {@code snapshot}, {@code mirror}, {@code wire} for the words of errors and, of {@code access}, who was let in; no other edge. A worker
 * waits for the disk, the event loop for the connection, and neither for the other. Holds no rule of who may read what: that is in
 * {@code snapshot}.
 */
package io.mirrorbootstrap.download;
