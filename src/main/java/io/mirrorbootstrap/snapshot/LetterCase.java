package io.mirrorbootstrap.snapshot;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Whether the disk tells upper from lower case. Where it does not, two databases whose names differ in that alone would share
 * their files, and one could replace what is the other's: so a name has no upper-case letter there. What an earlier process left under
 * such a name stays, and keeps its name. Any thread.
 */
final class LetterCase {

    /** Where it is not told: the databases that the start has found, by their names in lower case. */
    private volatile Optional<Map<String, DatabaseId>> found = Optional.empty();

    /**
     * The disk does not tell it.
     *
     * @param there the databases that have files, no two of them the same in lower case
     */
    void isNotTold(Collection<DatabaseId> there) {
        Map<String, DatabaseId> byLower = new TreeMap<>();
        for (DatabaseId database : there) {
            DatabaseId same = byLower.put(lower(database), database);
            assert same == null : same + " and " + database;
        }
        found = Optional.of(byLower);
    }

    /** The refusal if nothing may be sent for {@code database}. */
    Optional<Refusal> refuse(DatabaseId database) {
        return found.filter(there -> hasUpper(database) || other(database, there).isPresent())
                .map(there -> new Refusal.IndistinctName(database, other(database, there)));
    }

    /** The refusal if the snapshot of that name, if there is one, is another's: that of a database which has come since, too. */
    Optional<Refusal> refuseRemoval(DatabaseId database) {
        return found.filter(there -> there.containsValue(database)).isPresent() ? Optional.empty() : refuse(database);
    }

    private static boolean hasUpper(DatabaseId database) {
        return !lower(database).equals(database.value());
    }

    private static Optional<DatabaseId> other(DatabaseId database, Map<String, DatabaseId> there) {
        return Optional.ofNullable(there.get(lower(database))).filter(found -> !found.equals(database));
    }

    /** What the disk takes for the same as {@code database}, where case is not told. */
    static String lower(DatabaseId database) {
        return database.value().toLowerCase(Locale.ROOT);
    }
}
