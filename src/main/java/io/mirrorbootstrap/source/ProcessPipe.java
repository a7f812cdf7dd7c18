package io.mirrorbootstrap.source;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** The other processes that have it open, as far as this one may see: also those whose parents are gone. */
    List<ProcessHandle> holders() {
        return ProcessHandle.allProcesses().filter(process -> !process.equals(ProcessHandle.current()))
                .filter(process -> {
                    try {
                        return pipes(Path.of("/proc", String.valueOf(process.pid()), "fd")).containsValue(identity);
                    } catch (IOException e) {
                        return false; // another user's, or gone
                    }
                }).toList();
    }

    /** The other end of {@link #writeEnd}: the process, and what it started, are the only ones that write now. */
    ReadableByteChannel output() throws IOException {
        pipe.sink().close();
        return pipe.source();
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

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // closed since it was listed
        }
    }
}
