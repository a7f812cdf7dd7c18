package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.FileFacts;
import io.mirrorbootstrap.store.Reason;

/**
 * Whether the disk tells upper from lower case. Where it does not, two databases whose names differ in that alone would share
 * their files, and one could replace what is the other's: so a name has no upper-case letter there. What an earlier process left under
 * such a name stays, and keeps its name. As long as it is not known, it is found out before a name is let in that depends on it. Any thread;
 * waits for the disk where it is not known.
 */
final class LetterCase {

    private final Disk disk;
    private final Records records;
    private final NewFiles newFiles;

    /** Changed with the lock of this. */
    private volatile Knowledge knowledge = new Told();

    private sealed interface Knowledge {
    }

    private record Told() implements Knowledge {
    }

    /** @param found the databases that had files when it was found out, by their names in lower case */
    private record NotTold(Map<String, DatabaseId> found) implements Knowledge {
    }

    private record NotKnown() implements Knowledge {
    }

    LetterCase(Disk disk, Records records, NewFiles newFiles) {
        this.disk = disk;
        this.records = records;
        this.newFiles = newFiles;
    }

    /**
     * A start has looked at the directory.
     *
     * @param isTold whether case is told, as a new file has shown; empty where none could be made: then a file that is there shows it, if one
     *            is
     * @param databases those that have files
     * @param unclear is told of files of which nobody can say whose they are
     * @return those whose files may be brought into order
     */
    synchronized Set<DatabaseId> started(Optional<Boolean> isTold, Set<DatabaseId> databases, Consumer<String> unclear)
            throws IOException {
        Optional<Boolean> known = isTold.isPresent() ? isTold : shownBy(disk.names());
        if (known.isEmpty() || known.get()) {
            knowledge = known.isEmpty() ? new NotKnown() : new Told();
            return databases;
        }
        Set<DatabaseId> clear = new LinkedHashSet<>();
        knowledge = new NotTold(oneSpellingOfEach(databases, clear, unclear));
        return clear;
    }

    /** Whether it is known that case is not told. */
    boolean isNotTold() {
        return knowledge instanceof NotTold;
    }

    /** The directory is another one: nothing is known of it. */
    synchronized void anotherDirectory() {
        knowledge = new NotKnown();
    }

    /**
     * The refusal if nothing may be sent for {@code database}.
     *
     * @throws IOException where that depends on whether case is told, and it cannot be found out now
     */
    Optional<Refusal> refuse(DatabaseId database) throws IOException {
        Knowledge now = knowledge instanceof NotKnown ? findOut(hasUpper(database)) : knowledge;
        return now instanceof NotTold there && (hasUpper(database) || other(database, there).isPresent())
                ? Optional.of(new Refusal.IndistinctName(database, other(database, there)))
                : Optional.empty();
    }

    /** The refusal if the snapshot of that name, if there is one, is another's: that of a database which has come since, too. */
    Optional<Refusal> refuseRemoval(DatabaseId database) throws IOException {
        return knowledge instanceof NotTold there && there.found().containsValue(database)
                ? Optional.empty()
                : refuse(database);
    }

    /** @param byNewFile whether a file may be made for it, where none is there that shows it: without any, a name of lower case is no other's */
    private synchronized Knowledge findOut(boolean byNewFile) throws IOException {
        if (!(knowledge instanceof NotKnown)) {
            return knowledge; // another thread has found it out
        }
        Optional<Boolean> isTold = Optional.empty();
        Optional<IOException> noFile = Optional.empty();
        try {
            isTold = Optional.of(newFiles.probe());
        } catch (IOException e) {
            noFile = Optional.of(e); // those that are there may show it
        }
        if (isTold.orElse(false)) {
            knowledge = new Told(); // whatever is there, and however many
            return knowledge;
        }
        List<String> names = disk.names();
        isTold = isTold.isPresent() ? isTold : shownBy(names);
        if (isTold.isEmpty() && byNewFile) {
            throw noFile.orElseThrow();
        } else if (isTold.isPresent()) {
            Set<DatabaseId> databases = new HashSet<>();
            names.forEach(name -> SnapshotNames.database(name).ifPresent(databases::add));
            knowledge = isTold.get() ? new Told() : new NotTold(oneSpellingOfEach(databases, new HashSet<>(), any -> {
            }));
        }
        return knowledge;
    }

    /**
     * As the files of databases show it: one whose name in upper case none has is told by its case. Somebody may have given that name to
     * another; that is taken for the same file, as this way no name is let in.
     *
     * @return empty where there is none
     */
    private Optional<Boolean> shownBy(List<String> names) throws IOException {
        Optional<Boolean> shown = Optional.empty();
        for (String name : names) {
            Optional<FileFacts> before = SnapshotNames.database(name).isPresent() ? disk.facts(name) : Optional.empty();
            if (before.isEmpty()) {
                continue;
            }
            boolean isTold = isTold(disk, name);
            if (disk.facts(name).map(FileFacts::file).equals(before.map(FileFacts::file))) { // else it has just been removed
                if (isTold) {
                    return Optional.of(true);
                }
                shown = Optional.of(false);
            }
        }
        return shown;
    }

    /** Whether the file of this name, which has a lower-case letter, is not there by the same in upper case. */
    static boolean isTold(Disk disk, String name) throws IOException {
        return disk.facts(name.toUpperCase(Locale.ROOT)).isEmpty();
    }

    /**
     * Where case is not told, names that differ in case alone are of the same files: they are those of the database that the manifest
     * names. To recover the other would take them for damaged. Where the manifest cannot be read, nothing is received by any of the names: the
     * first has an upper-case letter.
     *
     * @param clear gets those whose files are theirs
     * @return each, by its name in lower case
     */
    private Map<String, DatabaseId> oneSpellingOfEach(Collection<DatabaseId> databases, Set<DatabaseId> clear,
            Consumer<String> unclear) {
        Map<String, DatabaseId> spellings = new TreeMap<>();
        Set<String> unreadable = new TreeSet<>();
        for (DatabaseId database : databases.stream().sorted(Comparator.comparing(DatabaseId::value)).toList()) {
            DatabaseId before = spellings.putIfAbsent(lower(database), database);
            try {
                if (before != null && records.manifest(database).isPresent()) {
                    spellings.put(lower(database), database);
                }
            } catch (IOException e) {
                unreadable.add(lower(database));
                unclear.accept("whether the files of " + before + " and " + database
                        + " are of the one or the other cannot be told, nothing is received for either: its manifest cannot be read: "
                        + Reason.of(e));
            }
        }
        spellings.values().stream().filter(database -> !unreadable.contains(lower(database))).forEach(clear::add);
        return spellings;
    }

    private static boolean hasUpper(DatabaseId database) {
        return !lower(database).equals(database.value());
    }

    private static Optional<DatabaseId> other(DatabaseId database, NotTold there) {
        return Optional.ofNullable(there.found().get(lower(database))).filter(found -> !found.equals(database));
    }

    /** What the disk takes for the same as {@code database}, where case is not told. */
    private static String lower(DatabaseId database) {
        return database.value().toLowerCase(Locale.ROOT);
    }
}
