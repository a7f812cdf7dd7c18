package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

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

    /** What is asked before each step; throwing makes the step fail, with nothing done. A force that fails has lost what it was for. */
    @FunctionalInterface
    public interface Observer {

        /**
         * @param what the method of {@link Disk} or {@link DiskFile}
         * @param name of the file, as it is called now; empty where that is the directory
         */
        void before(String what, String name) throws IOException;
    }

    private final SimulatedNames names;
    private final AtomicInteger files;
    private final AtomicInteger open = new AtomicInteger();
    private volatile LongSupplier usableBytes = () -> Long.MAX_VALUE / 2;
    private volatile Observer observer = (what, name) -> {
    };

    /** An empty one. */
    public SimulatedDisk() {
        this(new SimulatedNames(), 0);
    }

    private SimulatedDisk(SimulatedNames names, int files) {
        this.names = names;
        this.files = new AtomicInteger(files);
    }

    /** Has {@code observer} asked before each step from now on. */
    public void observe(Observer observer) {
        this.observer = observer;
    }

    /** Nobody is asked any more: what has failed works again. */
    public void stopObserving() {
        observe((what, name) -> {
        });
    }

    /** Does {@code action} while each step {@code what} fails for want of room. Behind it no observer is asked any more. */
    public void whileFull(String what, Runnable action) {
        observe((step, name) -> {
            if (step.equals(what)) {
                throw new IOException("No space left on device");
            }
        });
        action.run();
        stopObserving();
    }

    /** There is so much room from now on, in bytes. */
    public void usableBytes(long bytes) {
        this.usableBytes = () -> bytes;
    }

    /** As {@link #usableBytes(long)}, less what files have: what is written, or what of it is forced. */
    public void roomForFiles(long bytes, boolean whenForced) {
        this.usableBytes = () -> bytes - names.bytes(whenForced);
    }

    /** The bytes of a file, forced or not; empty when there is none. */
    public Optional<byte[]> bytes(String name) {
        return names.file(name).map(SimulatedFile::bytes);
    }

    /** How many files are open. */
    public int openFiles() {
        return open.get();
    }

    /** Puts a file there, as somebody else would. */
    public void put(String name, byte[] bytes) {
        SimulatedFile file = new SimulatedFile(files.incrementAndGet());
        file.replace(bytes);
        file.force();
        names.putForced(name, file);
    }

    /** What a process finds that starts after another was killed: all that was written, forced or not. */
    public SimulatedDisk afterKill() {
        return new SimulatedDisk(names.copy(), files.get());
    }

    /** What is found after a power cut at this instant, as {@code random} has it. This disk stays as it is. */
    public SimulatedDisk afterPowerCut(Order order, Random random) {
        return new SimulatedDisk(names.afterPowerCut(order, random), files.get());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (String name : names.all()) {
            SimulatedFile file = names.file(name).orElseThrow();
            text.append('\n').append(name).append(' ').append(file.facts().mark()).append(' ')
                    .append(name.endsWith(".json")
                            ? new String(file.bytes(), StandardCharsets.UTF_8)
                            : file.bytes().length);
        }
        return text.toString();
    }

    private SimulatedFile file(String name) throws NoSuchFileException {
        return names.file(name).orElseThrow(() -> new NoSuchFileException(name));
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
    public Optional<String> lock() {
        return Optional.empty(); // nobody else knows it
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
        return names.all();
    }

    @Override
    public Optional<FileFacts> facts(String name) throws IOException {
        observer.before("facts", name);
        return names.file(name).map(SimulatedFile::facts);
    }

    @Override
    public Optional<byte[]> read(String name, int maxBytes) throws IOException {
        observer.before("read", name);
        return bytes(name).filter(bytes -> bytes.length <= maxBytes);
    }

    @Override
    public DiskFile create(String name) throws IOException {
        observer.before("create", name);
        if (names.file(name).isPresent()) {
            throw new FileAlreadyExistsException(name);
        }
        SimulatedFile file = new SimulatedFile(files.incrementAndGet());
        names.create(name, file);
        return new Open(file, name);
    }

    @Override
    public DiskFile createUnnamed(String name) throws IOException {
        observer.before("create", name);
        return new Open(new SimulatedFile(files.incrementAndGet()), name);
    }

    @Override
    public DiskFile open(String name, boolean writable) throws IOException {
        observer.before("open", name);
        return new Open(file(name), name);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        observer.before("rename", to);
        file(from); // must be there
        names.rename(from, to);
    }

    @Override
    public void remove(String name) throws IOException {
        observer.before("remove", name);
        names.remove(name);
    }

    @Override
    public void force() throws IOException {
        observer.before("force", "");
        names.force();
    }

    @Override
    public long usableBytes() {
        return usableBytes.getAsLong();
    }

    @Override
    public long totalBytes() {
        return Long.MAX_VALUE;
    }

    private final class Open implements DiskFile {

        private final SimulatedFile file;
        private final String name;
        private final AtomicInteger forces = new AtomicInteger();
        private final AtomicBoolean isOpen = new AtomicBoolean(true);

        Open(SimulatedFile file, String name) {
            this.file = file;
            this.name = name;
            open.incrementAndGet();
        }

        private void before(String what) throws IOException {
            if (!isOpen.get()) {
                throw new ClosedChannelException();
            }
            observer.before(what, name);
        }

        @Override
        public void write(ByteBuffer bytes, long position) throws IOException {
            before("write");
            file.write(bytes, (int) position);
        }

        @Override
        public int read(ByteBuffer into, long position) throws IOException {
            before("readFile");
            int length = Math.min(into.remaining(), file.bytes().length - (int) position);
            if (length > 0) {
                into.put(file.bytes(), (int) position, length);
            }
            return length;
        }

        @Override
        public void truncate(long length) throws IOException {
            before("truncate");
            file.truncate(length);
        }

        @Override
        public void force() throws IOException {
            forces.incrementAndGet();
            try {
                before("forceFile");
                file.force();
            } catch (IOException e) {
                file.forceFailed();
                throw e;
            } finally {
                forces.decrementAndGet();
            }
        }

        @Override
        public void close() {
            assert forces.get() == 0 : "Java's files would have the caller wait for the force";
            if (isOpen.compareAndSet(true, false)) {
                open.decrementAndGet();
            }
        }
    }
}
