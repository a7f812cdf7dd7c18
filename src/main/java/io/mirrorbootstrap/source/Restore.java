package io.mirrorbootstrap.source;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A command that reads a snapshot from its standard input; its output and its errors go where those of this process go. The end of its
 * input comes in {@link #awaitEnd} only: where it is closed before, it is ended first, and what it started, so that it does not take what
 * has come for all. It never outlives this process. One thread, but for {@link #close}.
 */
public final class Restore implements AutoCloseable {

    private final Program program;
    private final ProcessPipe pipe;

    /** What still has the pipe is something else that the command has left running, as a server that it was to start. */
    private volatile boolean isHandedOver;

    /**
     * Starts nothing yet. Before other threads open pipes: see {@link ProcessPipe}.
     *
     * @param command a program and its arguments
     * @throws IOException when there is no such program, with a sentence for a person
     */
    public Restore(List<String> command) throws IOException {
        this.program = new Program(command, this::readers);
        this.pipe = new ProcessPipe();
        program.builder().redirectInput(Redirect.from(pipe.readEnd())).redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT);
    }

    private List<ProcessHandle> readers() {
        return isHandedOver ? List.of() : pipe.holders();
    }

    /** The name of the program. */
    public String name() {
        return program.name();
    }

    /**
     * Starts it.
     *
     * @param variables which its environment has beside those of this process
     * @throws IOException when that is not possible, with a sentence for a person
     */
    public void start(Map<String, String> variables) throws IOException {
        program.builder().environment().putAll(variables);
        Process started = program.start();
        pipe.input();
        started.onExit().thenAcceptAsync(this::ended);
    }

    /** Who writes must not wait for a reader that the command has left running, and that does not read. */
    private void ended(Process process) {
        if (process.exitValue() != 0) {
            program.end();
        } else if (program.isEnding()) {
            return; // whoever ends it hangs up behind that
        }
        hangUp();
    }

    /**
     * Waits until all remaining bytes of {@code bytes} are taken.
     *
     * @return whether they are; false: it reads no more, or has ended
     */
    public boolean take(ByteBuffer bytes) throws IOException {
        WritableByteChannel input = pipe.input();
        try {
            while (bytes.hasRemaining()) {
                input.write(bytes);
            }
            return true;
        } catch (IOException e) { // the pipe has no reader, or was hung up
            return false;
        }
    }

    /** Whether it has ended, or was ended, other than with status 0. */
    public boolean hasFailed() {
        Process running = program.process();
        return program.isEnding() || !running.isAlive() && running.exitValue() != 0;
    }

    /**
     * Tells it that there is no more, unless it has failed, and waits for its end.
     *
     * @return how it has failed, in words; empty: it has ended with status 0
     */
    public Optional<String> awaitEnd() throws InterruptedException {
        if (!hasFailed()) {
            hangUp();
        }
        program.process().waitFor();
        Optional<String> failure = program.failure(true);
        isHandedOver = failure.isEmpty();
        return failure;
    }

    /** Ends it, and what it started, unless it has ended, or was never started: when this returns it is gone. */
    @Override
    public void close() {
        program.end();
        hangUp();
    }

    private void hangUp() {
        try {
            pipe.close();
        } catch (IOException e) {
            // its end is out of this process's hands, whatever is told of it
        }
    }
}
