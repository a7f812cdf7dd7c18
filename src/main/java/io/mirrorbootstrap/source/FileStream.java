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
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    private final String name;
    /** Leads to what is open, where the system has such a path. */
    private final Path opened;
    private final Opening opening;

    private FileChannel channel;
    private long start;
    /** In bytes; 0 where it has none, or is empty. */
    private long size;
    private Optional<FileTime> modified = Optional.empty();

    private interface Opening {
        FileChannel open() throws IOException;
    }

    private FileStream(String name, Path opened, Opening opening) {
        this.name = name;
        this.opened = opened;
        this.opening = opening;
    }

    /** What this process was given to read. */
    public static StreamInput standardInput() {
        String name = "standard input";
        return new StreamInput(
                new FileStream(name, STANDARD_INPUT, () -> new FileInputStream(FileDescriptor.in).getChannel()), name);
    }

    /** A named pipe, or a device. */
    public static StreamInput of(Path path) {
        return new StreamInput(
                new FileStream(path.toString(), path, () -> FileChannel.open(path, StandardOpenOption.READ)),
                path.toString());
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
            throw new IOException(name + " cannot be opened: " + e.getMessage(), e);
        }
        try {
            start = channel.position();
            size = channel.size();
        } catch (IOException e) {
            size = 0; // a pipe has neither
        }
        modified = modified();
        return channel;
    }

    @Override
    public Optional<Outcome> flaw(long bytes, boolean ended) throws IOException {
        return ended
                ? change(bytes).map(change -> new Outcome.InputChanged(name, change))
                : Optional.empty();
    }

    private Optional<String> change(long bytes) throws IOException {
        if (size > 0 && channel.size() != size) {
            return Optional.of("it had " + size + " bytes, now it has " + channel.size());
        } else if (size > 0 && start + bytes != size) {
            return Optional.of("it ended at byte " + (start + bytes) + " of " + size);
        }
        Optional<FileTime> now = modified();
        return now.equals(modified)
                ? Optional.empty()
                : now.map(time -> "it was modified at " + time);
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
