package io.mirrorbootstrap.source;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A command that writes a snapshot to its standard output. It is started when there is a link, and what it wrote is a
 * snapshot only when it has ended with status 0. It never outlives the source: it is ended with it, and so are the
 * processes that it started.
 */
public final class Producer implements StreamSource {

    /** From SIGTERM to SIGKILL. */
    private static final Duration GRACE = Duration.ofSeconds(3);

    /** How long a producer that fails together with the link has until the link is blamed. */
    private static final Duration BLAME = Duration.ofMillis(500);

    /** How long a signal may take, at most, to be understood: only once has a snapshot to wait for it. */
    private static final Duration SIGNAL = Duration.ofMillis(500);

    private static final Duration LOOK = Duration.ofMillis(20);

    /** What the launcher, or the native executable, gives this process, having noted what it was before; empty: none. */
    private static final List<String> OWN = List.of("LC_ALL", "MALLOC_ARENA_MAX");
    private static final String CALLERS = "MIRRORBOOTSTRAP_";

    /** What a status of 128 and more tells, as Java and shells have it. */
    private static final int SIGNALLED = 128;
    private static final Map<Integer, String> SIGNALS = Map.ofEntries(Map.entry(1, "SIGHUP"), Map.entry(2, "SIGINT"),
            Map.entry(3, "SIGQUIT"), Map.entry(4, "SIGILL"), Map.entry(6, "SIGABRT"), Map.entry(7, "SIGBUS"),
            Map.entry(8, "SIGFPE"), Map.entry(9, "SIGKILL"), Map.entry(10, "SIGUSR1"), Map.entry(11, "SIGSEGV"),
            Map.entry(12, "SIGUSR2"), Map.entry(13, "SIGPIPE"), Map.entry(14, "SIGALRM"), Map.entry(15, "SIGTERM"),
            Map.entry(24, "SIGXCPU"), Map.entry(25, "SIGXFSZ"), Map.entry(31, "SIGSYS"));

    private final String name;
    private final ProcessBuilder builder;
    private final ProducerPipe pipe;

    /** Guarded by this; null until it was started. */
    private Process process;
    /** Guarded by this: what it writes from now on, and how it ends, is no longer its own doing. */
    private boolean ending;
    /** Guarded by this: nobody can write to the pipe any more. */
    private boolean drained;

    /**
     * Starts nothing yet. Before other threads open pipes: see {@link ProducerPipe}.
     *
     * @param command a program and its arguments
     * @param inheritsInput whether it may read the standard input of this process; else it has an empty one
     * @throws IOException when there is no such program, with a sentence for a person
     */
    public Producer(List<String> command, boolean inheritsInput) throws IOException {
        this.name = command.get(0);
        if (!isThere(name)) {
            throw new IOException("there is no program " + name);
        }
        this.pipe = new ProducerPipe();
        this.builder = new ProcessBuilder(command).redirectError(Redirect.INHERIT)
                .redirectOutput(Redirect.appendTo(pipe.writeEnd()))
                .redirectInput(inheritsInput ? Redirect.INHERIT : Redirect.from(new File("/dev/null")));
        OWN.forEach(name -> giveBack(name, builder.environment()));
    }

    private static void giveBack(String name, Map<String, String> environment) {
        String callers = environment.remove(CALLERS + name);
        if (callers != null && callers.isEmpty()) {
            environment.remove(name);
        } else if (callers != null) {
            environment.put(name, callers);
        }
    }

    /** The name of the program. */
    public String name() {
        return name;
    }

    @Override
    public ReadableByteChannel open() throws IOException {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(this::end, "end of the producer"));
        } catch (IllegalStateException e) {
            throw new IOException(name + " was not started: this process is ending", e);
        }
        Process started;
        synchronized (this) {
            if (ending) {
                throw new IOException(name + " was not started: this process is ending");
            }
            try {
                started = builder.start();
            } catch (IOException e) {
                throw new IOException(name + " cannot be started: " + e.getMessage(), e);
            }
            process = started;
        }
        ReadableByteChannel output = pipe.readEnd();
        started.onExit().thenAccept(ended -> {
            if (ended.exitValue() != 0) {
                hangUp(); // it failed: nobody waits for what it has left running
            }
        });
        return output;
    }

    @Override
    public void awaitEnd() throws InterruptedException {
        synchronized (this) {
            drained = true;
        }
        process().waitFor();
    }

    @Override
    public Optional<Outcome> flaw(long bytes, boolean ended) throws InterruptedException {
        Process running = process();
        if (running == null) {
            return Optional.empty();
        }
        if (!ended && !running.waitFor(BLAME.toMillis(), TimeUnit.MILLISECONDS)) {
            return Optional.empty();
        }
        int status = running.exitValue();
        synchronized (this) {
            if (status == 0 && ended) {
                awaitEnding();
            }
            if (status == 0 && !ending) {
                return Optional.empty();
            }
            return Optional.of(new Outcome.ProducerFailed(name, status == 0 ? "was told to end" : words(status)));
        }
    }

    /**
     * A signal to the whole group may have told the producer to end, too, and it may end with 0 on it, before this process has
     * understood its own.
     */
    private void awaitEnding() throws InterruptedException {
        assert Thread.holdsLock(this);
        long until = System.nanoTime() + SIGNAL.toNanos();
        for (long left = SIGNAL.toNanos(); !ending && left > 0; left = until - System.nanoTime()) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
    }

    /** Ends it, and what it started: when this returns it is gone. */
    @Override
    public void close() throws IOException {
        end();
        pipe.close();
    }

    private synchronized Process process() {
        return process;
    }

    private void end() {
        Process running;
        boolean held;
        synchronized (this) {
            ending = true;
            notifyAll();
            running = process;
            held = !drained;
        }
        if (running == null) {
            return;
        }
        // descendants are known only while their parents live, those that hold the pipe also later
        List<ProcessHandle> all = Stream.of(Stream.of(running.toHandle()), running.descendants(),
                held ? pipe.holders().stream() : Stream.<ProcessHandle>empty())
                .flatMap(each -> each).distinct().filter(ProcessHandle::isAlive).toList();
        all.forEach(ProcessHandle::destroy);
        long end = System.nanoTime() + GRACE.toNanos();
        try {
            while (all.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // no time is left for it
        }
        Stream.concat(all.stream(), all.stream().flatMap(ProcessHandle::descendants)).toList()
                .forEach(ProcessHandle::destroyForcibly);
    }

    private void hangUp() {
        try {
            pipe.close();
        } catch (IOException e) {
            // the thread that reads it meets the same failure, or its end
        }
    }

    private static String words(int status) {
        String signal = SIGNALS.get(status - SIGNALLED);
        return signal == null
                ? "ended with status " + status
                : "was ended by " + signal + " (status " + status + ")";
    }

    /** Told before anything is connected; whether it can be run shows when it is. */
    private static boolean isThere(String program) {
        String path = System.getenv("PATH");
        try {
            if (program.contains("/")) {
                return isProgram(Path.of(program));
            }
            return !program.isEmpty() && (path == null || Pattern.compile(":").splitAsStream(path)
                    .anyMatch(directory -> isProgram(Path.of(directory, program))));
        } catch (InvalidPathException e) {
            return true; // the system has other names than Java
        }
    }

    private static boolean isProgram(Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }
}
