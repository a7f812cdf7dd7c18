package io.mirrorbootstrap.source;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A command that reads a snapshot from its standard input; its output and its errors go where those of this process go. The end of its
 * input comes in {@link #awaitEnd} only: where it is closed before, it is ended first, and what it started, so that it does not take what
 * has come for all. One thread, but for {@link #close}.
 */
public final class Restore implements AutoCloseable {

    private final Program program;
    private final ProcessPipe pipe;
    private final Consumer<String> says;

    private boolean isLookedAt;

    /** All of it is known to be right, and was written: now the pipe may end. */
    private volatile boolean isWhole;

    /** What still has the pipe is something else that the command has left running, as a server that it was to start. */
    private volatile boolean isHandedOver;

    /**
     * Starts nothing yet. Before other threads open pipes: see {@link ProcessPipe}.
     *
     * @param command a program and its arguments
     * @param says a line for a person, where somebody cannot be ended; any thread
     * @throws IOException when there is no such program, with a sentence for a person
     */
    public Restore(List<String> command, Consumer<String> says) throws IOException {
        this.program = new Program(command, new Readers(), says);
        this.says = says;
        this.pipe = new ProcessPipe();
        program.builder().redirectInput(Redirect.from(pipe.readEnd())).redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT);
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
        pipe.keepOpen();
        Process started = program.start();
        pipe.input();
        started.onExit().thenAcceptAsync(this::ended);
    }

    /** Who writes must not wait for a reader that the command has left running, and that does not read. */
    private void ended(Process process) {
        if (process.exitValue() != 0) {
            program.end();
            hangUp();
        } else if (!program.isEnding()) { // else whoever ends it hangs up behind that
            try {
                pipe.stopWriting(); // no end yet: the rest may prove wrong
            } catch (IOException e) {
                // as where it hangs up
            }
        }
    }

    /**
     * Waits until all remaining bytes of {@code bytes} are taken.
     *
     * @return whether they are; false: it reads no more, or has ended
     */
    public boolean take(ByteBuffer bytes) throws IOException {
        WritableByteChannel input = pipe.input();
        tellOfAnotherUser();
        try {
            while (bytes.hasRemaining()) {
                input.write(bytes);
            }
            return true;
        } catch (ClosedByInterruptException e) {
            program.end();
            return false;
        } catch (IOException e) { // the pipe has no reader, or nothing more is written
            return false;
        }
    }

    /** Not at once when it starts: it may not have these rights yet. */
    private void tellOfAnotherUser() {
        if (!isLookedAt && ProcessPipe.isHidden(program.process().toHandle())) {
            says.accept(
                    name() + " runs with the rights of another user: this command goes on until it has ended, where it"
                            + " may not end it. Change the user in front of this command, not behind --");
        }
        isLookedAt = true;
    }

    /** Whether it has ended, or was ended, other than with status 0. */
    public boolean hasFailed() {
        Process running = program.process();
        return program.isEnding() || !running.isAlive() && running.exitValue() != 0;
    }

    /**
     * Tells it that there is no more, unless it has failed, and waits for its end. The caller knows that all bytes are right, and has had
     * each of them taken until {@link #take} or {@link #hasFailed} told otherwise.
     *
     * @return how it has failed, in words; empty: it has ended with status 0
     */
    public Optional<String> awaitEnd() throws InterruptedException {
        if (!hasFailed()) {
            isWhole = true;
            hangUp();
        }
        program.process().waitFor();
        Optional<String> failure = program.failure(true);
        isHandedOver = failure.isEmpty();
        return failure;
    }

    /**
     * Ends it, and what it started, unless it has ended, or was never started: when this returns it is gone. Where it cannot be ended, and
     * has not been told that there is no more, this waits until it has ended: the end of its input would have it take what has come for all.
     */
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

    private final class Readers implements Family.Company {

        @Override
        public ProcessPipe.Look look() {
            return isHandedOver ? ProcessPipe.Look.NOBODY : pipe.look();
        }

        @Override
        public boolean isMisledByTheEnd() {
            return !isWhole;
        }
    }
}
