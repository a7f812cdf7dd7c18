package io.mirrorbootstrap.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** The directory of {@link SimulatedDisk}: which names mean which files, and which meant which when it was forced. Any thread. */
final class SimulatedNames {

    /** What a name was made to mean, in which step; empty: nothing. */
    private record Change(String name, Optional<SimulatedFile> file, int step) {

        void on(Map<String, SimulatedFile> names) {
            file.ifPresentOrElse(there -> names.put(name, there), () -> names.remove(name));
        }
    }

    private final Map<String, SimulatedFile> now = new TreeMap<>();
    private final Map<String, SimulatedFile> forced = new TreeMap<>();
    /** Since it was forced. */
    private final List<Change> changes = new ArrayList<>();
    private int steps;

    /** As they are now, whatever is changed meanwhile. */
    synchronized List<String> all() {
        return List.copyOf(now.keySet());
    }

    synchronized Optional<SimulatedFile> file(String name) {
        return Optional.ofNullable(now.get(name));
    }

    /** What all files have together: what is written, or what of it is forced. */
    synchronized long bytes(boolean ofForced) {
        return now.values().stream().mapToLong(file -> ofForced ? file.forcedBytes() : file.bytes().length).sum();
    }

    /** In one step, of which no part is durable yet. */
    synchronized void create(String name, SimulatedFile file) {
        steps++;
        change(name, Optional.of(file));
    }

    synchronized void remove(String name) {
        steps++;
        if (now.containsKey(name)) {
            change(name, Optional.empty());
        }
    }

    synchronized void rename(String from, String to) {
        SimulatedFile file = now.get(from);
        steps++;
        if (file != now.get(to)) { // else, by POSIX, nothing happens
            change(to, Optional.of(file));
            change(from, Optional.empty());
        }
    }

    private void change(String name, Optional<SimulatedFile> file) {
        Change change = new Change(name, file, steps);
        change.on(now);
        changes.add(change);
    }

    synchronized void force() {
        forced.clear();
        forced.putAll(now);
        changes.clear();
    }

    /** Durable at once. */
    synchronized void putForced(String name, SimulatedFile file) {
        now.put(name, file);
        forced.put(name, file);
    }

    synchronized SimulatedNames copy() {
        SimulatedNames copy = new SimulatedNames();
        UnaryOperator<SimulatedFile> copied = once(SimulatedFile::copy);
        now.forEach((name, file) -> copy.now.put(name, copied.apply(file)));
        forced.forEach((name, file) -> copy.forced.put(name, copied.apply(file)));
        changes.forEach(change -> copy.changes
                .add(new Change(change.name(), change.file().map(copied), change.step())));
        copy.steps = steps;
        return copy;
    }

    synchronized SimulatedNames afterPowerCut(SimulatedDisk.Order order, Random random) {
        Map<String, SimulatedFile> found = new TreeMap<>(forced);
        int first = changes.isEmpty() ? 0 : changes.get(0).step();
        int last = changes.isEmpty() ? 0 : changes.get(changes.size() - 1).step();
        int cut = first + random.nextInt(last - first + 2);
        for (Change change : changes) {
            if (order == SimulatedDisk.Order.PREFIX ? change.step() < cut : random.nextBoolean()) {
                change.on(found);
            }
        }
        SimulatedNames after = new SimulatedNames();
        UnaryOperator<SimulatedFile> left = once(file -> file.afterPowerCut(random));
        found.forEach((name, file) -> after.putForced(name, left.apply(file)));
        after.steps = steps;
        return after;
    }

    /** The same for all names of a file. */
    private static UnaryOperator<SimulatedFile> once(UnaryOperator<SimulatedFile> made) {
        Map<SimulatedFile, SimulatedFile> all = new HashMap<>();
        return file -> all.computeIfAbsent(file, made);
    }
}
