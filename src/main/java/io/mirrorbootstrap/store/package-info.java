/**
 * The disk: one flat directory of plain files, what can be done with them, and what survives a power cut. All access to
 * files of the domain goes through {@link io.mirrorbootstrap.store.Disk}, so that a simulated disk can stand in its place.
 * <p>
 * JDK only, and no rule of the protocol: it knows names, bytes and forces, and neither a database nor a snapshot. Knows no other
 * package of this project.
 */
package io.mirrorbootstrap.store;
