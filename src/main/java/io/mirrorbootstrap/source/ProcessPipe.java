package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A pipe of which one end is given to a process. It ends when the last process that has that end does. The JDK's own pipe
 * ends with that one process: what a program that it started writes after that would be missing, and what such a program has
 * read would have an end, so that either would look whole.
 */
final class ProcessPipe implements Closeable {

    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private final Pipe pipe;
    private final Path readEnd;
    private final Path writeEnd;
    /** What each descriptor of this pipe leads to, in any process. */
    private final String identity;
    /** Can be written to as well; null: there is none. */
    private volatile FileChannel kept;

    /**
     * Opens it. While this lasts no other thread may open a pipe: the numbers of its ends are those that were not there
     * before.
     *
     * @throws IOException when this system does not tell them
     */
    ProcessPipe() throws IOException {
        Map<Path, String> before = pipes(DESCRIPTORS);
        this.pipe = Pipe.open();
        try {
            Map<Path, String> added = pipes(DESCRIPTORS);
            added.keySet().removeAll(before.keySet());
            this.writeEnd = writeEnd(added).orElseThrow(
                    () -> new IOException("the ends of a pipe cannot be told from " + added));
            this.readEnd = added.keySet().stream().filter(end -> !end.equals(writeEnd)).findFirst().orElseThrow();
            this.identity = added.get(writeEnd);
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /** What a process is to write to; it is opened anew for it. */
    File writeEnd() {
        return writeEnd.toFile();
    }

    /** What a process is to read; it is opened anew for it. */
    File readEnd() {
        return readEnd.toFile();
    }

    /**
     * Who has a pipe.
     *
     * @param holders have it open
     * @param unseen may have it: this process may not look at them
     */
    record Look(List<ProcessHandle> holders, List<ProcessHandle> unseen) {

        static final Look NOBODY = new Look(List.of(), List.of());
    }

    /** The other processes that have it open: also those whose parents are gone. */
    Look look() {
        List<ProcessHandle> holders = new ArrayList<>();
        List<ProcessHandle> unseen = new ArrayList<>();
        ProcessHandle.allProcesses().filter(process -> !process.equals(ProcessHandle.current())).forEach(process -> {
            try {
                if (pipes(descriptors(process)).containsValue(identity)) {
                    holders.add(process);
                }
            } catch (NoSuchFileException e) {
                // it has ended
            } catch (IOException e) { // mostly another user's
                unseen.add(process);
            }
        });
        return new Look(holders, unseen);
    }

    /** Whether this process may not look at what another one has open. */
    static boolean isHidden(ProcessHandle process) {
        try {
            pipes(descriptors(process));
            return false;
        } catch (AccessDeniedException e) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static Path descriptors(ProcessHandle process) {
        return Path.of("/proc", String.valueOf(process.pid()), "fd");
    }

    /** The other end of {@link #writeEnd}: the process, and what it started, are the only ones that write now. */
    ReadableByteChannel output() throws IOException {
        pipe.sink().close();
        return pipe.source();
    }

    /** From now on only {@link #close} is the end of what {@link #input} writes. */
    void keepOpen() throws IOException {
        kept = FileChannel.open(writeEnd, StandardOpenOption.WRITE);
    }

    /** Nothing more is written: who waits in {@link #input} does no longer. Who reads sees no end of it where it is kept open. */
    void stopWriting() throws IOException {
        pipe.sink().close();
    }

    /** The other end of {@link #readEnd}: the process, and what it started, are the only ones that read now. */
    WritableByteChannel input() throws IOException {
        pipe.source().close();
        return pipe.sink();
    }

    @Override
    public void close() throws IOException {
        pipe.sink().close();
        pipe.source().close();
        FileChannel second = kept;
        if (second != null) {
            second.close();
        }
    }

    /** Of the two ends of one pipe, that which can be written to. */
    private static Optional<Path> writeEnd(Map<Path, String> ends) throws IOException {
        Optional<Path> found = Optional.empty();
        if (ends.size() == 2 && ends.values().stream().distinct().count() == 1) {
            for (Path end : ends.keySet()) {
                String info = Files.readString(Path.of("/proc/self/fdinfo", end.getFileName().toString()));
                if (info.lines().anyMatch(line -> line.matches("flags:\\s*[0-7]*1"))) {
                    found = Optional.of(end);
                }
            }
        }
        return found;
    }

    private static Map<Path, String> pipes(Path descriptors) throws IOException {
        Map<Path, String> pipes = new HashMap<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : all) {
                String target = target(descriptor);
                if (target.startsWith("pipe:")) {
                    pipes.put(descriptor, target);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return pipes;
    }

    private static String target(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (NoSuchFileException e) {
            return ""; // closed since it was listed
        }
    }
}
