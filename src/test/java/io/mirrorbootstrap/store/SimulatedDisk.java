package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk in memory that remembers what was forced. Its power can be cut at any instant: {@link #afterPowerCut} shows one
 * of the many states in which it may be found then.
 */
public final class SimulatedDisk implements Disk {

    /** In which order what was not forced becomes durable. */
    public enum Order {
        /** Names as they were changed: any prefix of the changes, each whole. So do file systems with a journal. */
        PREFIX,
        /** Any subset of the changes, and of a rename either half. So do file systems without. */
        SUBSET
    }

    /** What is asked before each step; throwing makes the step fail, with nothing done. */
    @FunctionalInterface
    public interface Observer {

        /**
         * @param what the method of {@link Disk} or {@link DiskFile}
         * @param name of the file, as it is called now; empty where that is the directory
         */
        void before(String what, String name) throws IOException;
    }

    /** What a name was made to mean; null: nothing. */
    private record Change(String name, Inode inode, int step) {
    }

    private static final class Inode {

        private final int number;
        private byte[] bytes = {};
        private byte[] forced = {};
        private int version;
        private int forcedVersion;
        /** How short it has been since it was forced. */
        private int shortest;

        Inode(int number) {
            this.number = number;
        }

        private FileFacts facts() {
            return new FileFacts(bytes.length, number + "@" + version, Instant.EPOCH.plusSeconds(version));
        }

        private void replace(byte[] by) {
            bytes = by;
            shortest = Math.min(shortest, by.length);
            version++;
        }

        private void force() {
            forced = bytes;
            forcedVersion = version;
            shortest = bytes.length;
        }

        /** As a power cut may leave it: what was forced, unless it was written to since. */
        private Inode afterPowerCut(Random random) {
            Inode after = new Inode(number);
            after.bytes = forced;
            after.version = forcedVersion;
            if (version != forcedVersion) {
                // of its pages, of its size and of its time any may have been written, whatever the others
                int length = shortest + random.nextInt(Math.max(forced.length, bytes.length) - shortest + 1);
                after.bytes = Arrays.copyOf(forced, length);
                for (int i = 0; i < length; i++) {
                    boolean written = random.nextBoolean() && i < bytes.length;
                    after.bytes[i] = written ? bytes[i] : after.bytes[i];
                }
                after.version = random.nextBoolean() ? version : forcedVersion;
            }
            after.force();
            return after;
        }
    }

    private final Map<String, Inode> names = new TreeMap<>();
    private final Map<String, Inode> forcedNames = new TreeMap<>();
    private final List<Change> changes = new ArrayList<>();
    private int inodes;
    private int steps;
    private long usableBytes = Long.MAX_VALUE / 2;
    private Observer observer = (what, name) -> {
    };

    /** Has {@code observer} asked before each step from now on. */
    public void observe(Observer observer) {
        this.observer = observer;
    }

    /** There is so much room from now on, in bytes. */
    public void usableBytes(long bytes) {
        this.usableBytes = bytes;
    }

    /** The bytes of a file, forced or not; empty when there is none. */
    public Optional<byte[]> bytes(String name) {
        return Optional.ofNullable(names.get(name)).map(inode -> inode.bytes);
    }

    /** Puts a file there, as somebody else would. */
    public void put(String name, byte[] bytes) {
        Inode inode = new Inode(++inodes);
        inode.replace(bytes);
        inode.force();
        names.put(name, inode);
        forcedNames.put(name, inode);
    }

    /** What a process finds that starts after another was killed: all that was written, forced or not. */
    public SimulatedDisk afterKill() {
        SimulatedDisk after = new SimulatedDisk();
        Map<Inode, Inode> copies = new HashMap<>();
        names.forEach((name, inode) -> after.names.put(name, copies.computeIfAbsent(inode, SimulatedDisk::copy)));
        forcedNames.forEach(
                (name, inode) -> after.forcedNames.put(name, copies.computeIfAbsent(inode, SimulatedDisk::copy)));
        changes.forEach(change -> after.changes.add(new Change(change.name(),
                change.inode() == null ? null : copies.computeIfAbsent(change.inode(), SimulatedDisk::copy),
                change.step())));
        after.inodes = inodes;
        after.steps = steps;
        return after;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        names.forEach((name, inode) -> text.append('\n').append(name).append(' ').append(inode.facts().mark())
                .append(' ')
                .append(name.endsWith(".json") ? new String(inode.bytes, StandardCharsets.UTF_8) : inode.bytes.length));
        return text.toString();
    }

    private static Inode copy(Inode inode) {
        Inode copy = new Inode(inode.number);
        copy.bytes = inode.bytes;
        copy.forced = inode.forced;
        copy.version = inode.version;
        copy.forcedVersion = inode.forcedVersion;
        copy.shortest = inode.shortest;
        return copy;
    }

    /** What is found after a power cut at this instant, as {@code random} has it. This disk stays as it is. */
    public SimulatedDisk afterPowerCut(Order order, Random random) {
        SimulatedDisk after = new SimulatedDisk();
        Map<Inode, Inode> copies = new HashMap<>();
        Map<String, Inode> found = new TreeMap<>(forcedNames);
        int last = changes.isEmpty() ? 0 : changes.get(changes.size() - 1).step();
        int first = changes.isEmpty() ? 0 : changes.get(0).step();
        int cut = first + random.nextInt(last - first + 2);
        for (Change change : changes) {
            if (order == Order.PREFIX ? change.step() < cut : random.nextBoolean()) {
                set(found, change.name(), change.inode());
            }
        }
        found.forEach((name, inode) -> {
            Inode left = copies.computeIfAbsent(inode, there -> there.afterPowerCut(random));
            after.names.put(name, left);
            after.forcedNames.put(name, left);
        });
        after.inodes = inodes;
        after.steps = steps;
        return after;
    }

    private static void set(Map<String, Inode> names, String name, Inode inode) {
        if (inode == null) {
            names.remove(name);
        } else {
            names.put(name, inode);
        }
    }

    private void change(String name, Inode inode) {
        set(names, name, inode);
        changes.add(new Change(name, inode, steps));
    }

    private Inode inode(String name) throws NoSuchFileException {
        Inode inode = names.get(name);
        if (inode == null) {
            throw new NoSuchFileException(name);
        }
        return inode;
    }

    @Override
    public Path path() {
        return Path.of("/simulated");
    }

    @Override
    public void make() {
        // it is always there
    }

    @Override
    public void lock() {
        // nobody else knows it
    }

    @Override
    public Optional<String> keepLock() {
        return Optional.empty();
    }

    @Override
    public Optional<String> keepDirectory() {
        return Optional.empty();
    }

    @Override
    public List<String> names() throws IOException {
        observer.before("names", "");
        return List.copyOf(names.keySet());
    }

    @Override
    public Optional<FileFacts> facts(String name) throws IOException {
        observer.before("facts", name);
        return Optional.ofNullable(names.get(name)).map(Inode::facts);
    }

    @Override
    public Optional<byte[]> read(String name, int maxBytes) throws IOException {
        observer.before("read", name);
        return Optional.ofNullable(names.get(name)).map(inode -> inode.bytes).filter(bytes -> bytes.length <= maxBytes);
    }

    @Override
    public DiskFile create(String name) throws IOException {
        observer.before("create", name);
        if (names.containsKey(name)) {
            throw new FileAlreadyExistsException(name);
        }
        steps++;
        Inode inode = new Inode(++inodes);
        change(name, inode);
        return new Open(inode, name);
    }

    @Override
    public DiskFile createUnnamed(String name) throws IOException {
        observer.before("create", name);
        return new Open(new Inode(++inodes), name);
    }

    @Override
    public DiskFile open(String name, boolean writable) throws IOException {
        observer.before("open", name);
        return new Open(inode(name), name);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        observer.before("rename", to);
        Inode inode = inode(from);
        steps++;
        if (inode != names.get(to)) { // else, by POSIX, nothing happens
            change(to, inode);
            change(from, null);
        }
    }

    @Override
    public void remove(String name) throws IOException {
        observer.before("remove", name);
        steps++;
        if (names.containsKey(name)) {
            change(name, null);
        }
    }

    @Override
    public void force() throws IOException {
        observer.before("force", "");
        forcedNames.clear();
        forcedNames.putAll(names);
        changes.clear();
    }

    @Override
    public long usableBytes() {
        return usableBytes;
    }

    @Override
    public long totalBytes() {
        return Long.MAX_VALUE;
    }

    private final class Open implements DiskFile {

        private final Inode inode;
        private final String name;

        Open(Inode inode, String name) {
            this.inode = inode;
            this.name = name;
        }

        @Override
        public void write(ByteBuffer bytes, long position) throws IOException {
            observer.before("write", name);
            byte[] after = Arrays.copyOf(inode.bytes,
                    Math.max(inode.bytes.length, (int) position + bytes.remaining()));
            bytes.get(after, (int) position, bytes.remaining());
            inode.replace(after);
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            observer.before("readFile", name);
            int length = Math.min(into.remaining(), inode.bytes.length - (int) position);
            if (length > 0) {
                into.put(inode.bytes, (int) position, length);
            }
            return length;
        }

        @Override
        public void truncate(long length) throws IOException {
            observer.before("truncate", name);
            if (length < inode.bytes.length) {
                inode.replace(Arrays.copyOf(inode.bytes, (int) length));
            }
        }

        @Override
        public void force() throws IOException {
            observer.before("forceFile", name);
            inode.force();
        }

        @Override
        public void close() {
            // nothing is held
        }
    }
}
