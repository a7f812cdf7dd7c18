package io.mirrorbootstrap.source;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.store.OpenFile;
import io.mirrorbootstrap.store.Reason;

/**
 * Standard input, a named pipe or a device. It ends when it ends: of a pipe nobody can tell whether the program at its
 * other end had finished. Where standard input is a file its size is known, and must be met; nor may it be written to meanwhile.
 */
public final class FileStream implements StreamSource {

    private static final Pattern FLAGS = Pattern.compile("flags:\\s*([0-7]+)");
    private static final int ACCESS_MODE = 03;
    private static final int WRITE_ONLY = 01;
    private static final int CLOSE_ON_EXEC = 02000000;

    private static final Path STANDARD_INPUT = Path.of("/proc/self/fd/0");

    /** From a signal to a whole group, at which the program at the other end has ended, to where this process knows of its own. */
    private static final Duration SIGNAL = Duration.ofMillis(200);

    private final String name;
    private final Opening opening;

    /** Leads to what is open, where the system has such a path. */
    private Path opened;

    private FileChannel channel;
    private long start;
    /** In bytes; 0 where it has none, or is empty. */
    private long size;
    private Optional<FileTime> modified = Optional.empty();
    /** Reaches zero when this process is told to end. */
    private final CountDownLatch ending;
    private final Duration signal;
    private final Thread atEnd;

    private interface Opening {
        FileChannel open() throws IOException;
    }

    private FileStream(String name, Path path, Opening opening) {
        this(name, path, opening, new CountDownLatch(1), SIGNAL);
    }

    private FileStream(String name, Path path, Opening opening, CountDownLatch ending, Duration signal) {
        this.ending = ending;
        this.signal = signal;
        this.atEnd = new Thread(ending::countDown, "end of " + name);
        this.name = name;
        this.opened = path;
        this.opening = opening;
    }

    /** What this process was given to read. */
    public static FileStream standardInput() {
        return new FileStream("standard input", STANDARD_INPUT,
                () -> new FileInputStream(FileDescriptor.in).getChannel());
    }

    /** What has a name: a named pipe, a device, or a file that is read once. It is what is opened, whatever its name means then. */
    public static FileStream of(Path path) {
        return new FileStream(path.toString(), path, () -> FileChannel.open(path, StandardOpenOption.READ));
    }

    /**
     * @param ending reaches zero when this process is told to end
     * @param signal how long that is waited for
     */
    static FileStream of(Path path, CountDownLatch ending, Duration signal) {
        return new FileStream(path.toString(), path, () -> FileChannel.open(path, StandardOpenOption.READ), ending,
                signal);
    }

    /** To be sent. */
    public StreamInput input() {
        return new StreamInput(this, name);
    }

    /** What it is called in messages. */
    public String name() {
        return name;
    }

    /**
     * Whether this process was started with a standard input that it may read, as far as that can be seen. Where there
     * was none, the first file that the process itself opened has its number.
     */
    public static boolean isStandardInputOpen() {
        try {
            Matcher flags = FLAGS.matcher(Files.readString(Path.of("/proc/self/fdinfo/0")));
            if (flags.find()) {
                int bits = Integer.parseInt(flags.group(1), 8);
                // what is closed when a program starts cannot have been there before this one did
                if ((bits & ACCESS_MODE) == WRITE_ONLY || (bits & CLOSE_ON_EXEC) != 0) {
                    return false;
                }
            }
            String home = System.getProperty("java.home", "");
            return home.isEmpty() || !Files.readSymbolicLink(STANDARD_INPUT)
                    .startsWith(Path.of(home).toRealPath());
        } catch (IOException | InvalidPathException e) {
            return true; // no such file system here: the first read will tell
        }
    }

    @Override
    public ReadableByteChannel open() throws IOException {
        try {
            channel = opening.open();
        } catch (IOException e) {
            throw new IOException(name + " cannot be opened: " + Reason.of(e), e);
        }
        opened = OpenFile.of(opened).orElse(opened);
        try {
            start = channel.position();
            size = channel.size();
        } catch (IOException e) {
            size = 0; // a pipe has neither
        }
        modified = modified();
        try {
            Runtime.getRuntime().addShutdownHook(atEnd);
        } catch (IllegalStateException e) {
            ending.countDown(); // it has been told already
        }
        return channel;
    }

    /** Whoever has ended the program at the other end may have told this process to end, too: what has come is not all then. */
    @Override
    public void awaitEnd() throws InterruptedException {
        if (modified.isEmpty()) {
            ending.await(signal.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public Optional<Outcome> flaw(long bytes, boolean ended) throws IOException {
        if (ended && modified.isEmpty() && ending.getCount() == 0) {
            return Optional.of(new Outcome.InputFailed(name, "it ended when this process was told to end, too"));
        }
        return ended
                ? change(bytes).map(change -> new Outcome.InputChanged(name, change))
                : Optional.empty();
    }

    /** How many bytes there are from where it was opened on, as far as that is known before its end: a file in {@code /proc} says 0. */
    public OptionalLong size() {
        return size > start ? OptionalLong.of(size - start) : OptionalLong.empty();
    }

    /**
     * What has happened to it since it was opened, in words; empty when nothing has.
     *
     * @param bytes how many were read until its end
     */
    public Optional<String> change(long bytes) throws IOException {
        if (size > 0 && channel.size() != size) {
            return Optional.of("it had " + size + " bytes, now it has " + channel.size());
        } else if (size > 0 && start + bytes != Math.max(start, size)) { // opened behind its end, it has no byte
            return Optional.of("it ended at byte " + (start + bytes) + " of " + size);
        }
        Optional<FileTime> now = modified();
        return now.equals(modified)
                ? Optional.empty()
                : now.map(time -> "it was modified at " + time);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atEnd);
        } catch (IllegalStateException e) {
            // it runs
        }
    }

    /** Of a file alone: the time of a device is set by others than those who write to it. */
    private Optional<FileTime> modified() {
        try {
            BasicFileAttributes facts = Files.readAttributes(opened, BasicFileAttributes.class);
            return facts.isRegularFile() ? Optional.of(facts.lastModifiedTime()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
