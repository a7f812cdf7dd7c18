/**
 * A sidecar that helps itself: where it expects a database, has no snapshot of it, and no source comes, it reads the newest one that its siblings
 * have, or an object in storage.
 * <p>
 * Stands between the ends of the port: it reads by {@code source}, and brings what it reads to {@code mirror} as any source would, by the
 * same rules. One thread of its own does all of it, one database after another, and where several are lacking each for some minutes in turn; it waits for the network and for the disk. Where
 * {@code seed-from} names nobody there is no thread, and no address is asked that it does not name.
 */
package io.mirrorbootstrap.seed;
