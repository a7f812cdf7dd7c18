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
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Standard input, a named pipe or a device. It ends when it ends: of a pipe nobody can tell whether the program at its
 * other end had finished. Where standard input is a file its size is known, and must be met.
 */
public final class FileStream implements StreamSource {

    private static final Pattern FLAGS = Pattern.compile("flags:\\s*([0-7]+)");
    private static final int ACCESS_MODE = 03;
    private static final int WRITE_ONLY = 01;
    private static final int CLOSE_ON_EXEC = 02000000;

    private final String name;
    private final Opening opening;

    private FileChannel channel;
    private long start;
    /** In bytes; 0 where it has none, or is empty. */
    private long size;

    private interface Opening {
        FileChannel open() throws IOException;
    }

    private FileStream(String name, Opening opening) {
        this.name = name;
        this.opening = opening;
    }

    /** What this process was given to read. */
    public static StreamInput standardInput() {
        String name = "standard input";
        return new StreamInput(new FileStream(name, () -> new FileInputStream(FileDescriptor.in).getChannel()), name);
    }

    /** A named pipe, or a device. */
    public static StreamInput of(Path path) {
        return new StreamInput(new FileStream(path.toString(), () -> FileChannel.open(path, StandardOpenOption.READ)),
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
            return home.isEmpty() || !Files.readSymbolicLink(Path.of("/proc/self/fd/0"))
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
        return channel;
    }

    @Override
    public Optional<Outcome> flaw(long bytes, boolean ended) throws IOException {
        if (!ended || size == 0) {
            return Optional.empty();
        } else if (channel.size() != size) {
            return Optional.of(new Outcome.InputChanged(name,
                    "it had " + size + " bytes, now it has " + channel.size()));
        }
        return start + bytes == size
                ? Optional.empty()
                : Optional.of(new Outcome.InputChanged(name,
                        "it ended at byte " + (start + bytes) + " of " + size));
    }
}
