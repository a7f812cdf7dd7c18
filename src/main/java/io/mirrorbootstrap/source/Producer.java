package io.mirrorbootstrap.source;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A command that writes a snapshot to its standard output. It is started when there is a link, and what it wrote is a
 * snapshot only when it has ended with status 0. It is ended with the source, and so are the processes that it started.
 */
public final class Producer implements StreamSource {

    /** How long a producer that fails together with the link has until the link is blamed. */
    private static final Duration BLAME = Duration.ofMillis(500);

    private final Program program;
    private final ProcessPipe pipe;

    /** Nobody can write to the pipe any more. */
    private volatile boolean drained;

    /**
     * Starts nothing yet. Before other threads open pipes: see {@link ProcessPipe}.
     *
     * @param command a program and its arguments
     * @param inheritsInput whether it may read the standard input of this process; else it has an empty one
     * @param says a line for a person, where somebody cannot be ended; any thread
     * @throws IOException when there is no such program, with a sentence for a person
     */
    public Producer(List<String> command, boolean inheritsInput, Consumer<String> says) throws IOException {
        this.program = new Program(command, new Writers(), says);
        this.pipe = new ProcessPipe();
        program.builder().redirectError(Redirect.INHERIT).redirectOutput(Redirect.appendTo(pipe.writeEnd()))
                .redirectInput(inheritsInput ? Redirect.INHERIT : Redirect.from(new File("/dev/null")));
    }

    /** The name of the program. */
    public String name() {
        return program.name();
    }

    @Override
    public ReadableByteChannel open() throws IOException {
        Process started = program.start();
        ReadableByteChannel output = pipe.output();
        started.onExit().thenAccept(ended -> {
            if (ended.exitValue() != 0) {
                hangUp(); // it failed: nobody waits for what it has left running
            }
        });
        return output;
    }

    @Override
    public void awaitEnd() throws InterruptedException {
        drained = true;
        program.process().waitFor();
    }

    @Override
    public Optional<Outcome> flaw(long bytes, boolean ended) throws InterruptedException {
        Process running = program.process();
        if (running == null || !ended && !running.waitFor(BLAME.toMillis(), TimeUnit.MILLISECONDS)) {
            return Optional.empty();
        }
        return program.failure(ended).map(end -> new Outcome.ProducerFailed(program.name(), end));
    }

    /** Ends it, and what it started: when this returns it is gone, or was named as what cannot be ended. */
    @Override
    public void close() throws IOException {
        program.end();
        pipe.close();
    }

    private void hangUp() {
        try {
            pipe.close();
        } catch (IOException e) {
            // the thread that reads it meets the same failure, or its end
        }
    }

    private final class Writers implements Family.Company {

        @Override
        public ProcessPipe.Look look() {
            return drained ? ProcessPipe.Look.NOBODY : pipe.look();
        }

        /** Who writes to a pipe without a reader meets a failure. */
        @Override
        public boolean isMisledByTheEnd() {
            return false;
        }
    }
}
