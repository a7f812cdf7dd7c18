package io.mirrorbootstrap.snapshot;

import java.util.List;
import java.util.Optional;

/**
 * The names of a database's files. They are built and parsed here and nowhere else:
 * <table>
 * <caption>files of a database</caption>
 * <tr><td>{@code <db>.partial}</td><td>payload accepted so far</td></tr>
 * <tr><td>{@code <db>.checkpoint.json}</td><td>how much of the {@code .partial} is durable, and its CRC</td></tr>
 * <tr><td>{@code <db>.snapshot}</td><td>a committed snapshot; appears only by atomic rename</td></tr>
 * <tr><td>{@code <db>.manifest.json}</td><td>describes the {@code .snapshot}</td></tr>
 * <tr><td>{@code <db>.successor.json}</td><td>describes the next {@code .snapshot}, or the one that has just been renamed</td></tr>
 * <tr><td>{@code <db>.aside-<n>}</td><td>was found as {@code .snapshot}, and no record says what it is</td></tr>
 * <tr><td>{@code .<anything>}</td><td>being written; of no worth after a restart</td></tr>
 * </table>
 * A database's name cannot start with a dot, and none of the suffixes ends another, so no two names clash.
 */
final class SnapshotNames {

    private static final String PARTIAL = ".partial";
    private static final String SNAPSHOT = ".snapshot";
    private static final String MANIFEST = ".manifest.json";
    private static final String SUCCESSOR = ".successor.json";
    private static final String CHECKPOINT = ".checkpoint.json";
    private static final String ASIDE = ".aside-";
    private static final String UNFINISHED = ".";

    /** Those whose presence means that something is known of a database. */
    private static final List<String> SUFFIXES = List.of(PARTIAL, SNAPSHOT, MANIFEST, SUCCESSOR, CHECKPOINT);

    private SnapshotNames() {
    }

    /** The payload accepted so far of {@code database}. */
    static String partial(DatabaseId database) {
        return database + PARTIAL;
    }

    /** The committed snapshot of {@code database}. */
    static String snapshot(DatabaseId database) {
        return database + SNAPSHOT;
    }

    /** The description of {@link #snapshot}. */
    static String manifest(DatabaseId database) {
        return database + MANIFEST;
    }

    /** The description of the next {@link #snapshot}, or of the one that has just been renamed. */
    static String successor(DatabaseId database) {
        return database + SUCCESSOR;
    }

    /** How much of {@link #partial} is durable. */
    static String checkpoint(DatabaseId database) {
        return database + CHECKPOINT;
    }

    /** The {@code n}-th file that was found as {@link #snapshot} without a record that describes it. */
    static String aside(DatabaseId database, int n) {
        return database + ASIDE + n;
    }

    /** A file that is being written, which no other has the name of. */
    static String unfinished(String what, String unique) {
        return UNFINISHED + what + "." + unique;
    }

    /** Whether a file of this name is of no worth after a restart. */
    static boolean isUnfinished(String name) {
        return name.startsWith(UNFINISHED);
    }

    /** The database that the file belongs to; empty for a file of others. */
    static Optional<DatabaseId> database(String name) {
        return SUFFIXES.stream().filter(name::endsWith)
                .map(suffix -> name.substring(0, name.length() - suffix.length()))
                .filter(DatabaseId::isValid).map(DatabaseId::new).findFirst();
    }

    /** The database whose snapshot the file describes, as its {@link #manifest} or {@link #successor} record; empty for any other file. */
    static Optional<DatabaseId> described(String name) {
        return database(name).filter(database -> manifest(database).equals(name) || successor(database).equals(name));
    }
}
