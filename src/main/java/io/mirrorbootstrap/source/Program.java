package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * A program that this process runs once. It is ended with this process, and so are the processes that it started, unless this process is
 * killed with SIGKILL, or may not end them. Any thread.
 */
final class Program {

    /** How long a signal may take, at most, to be understood: only once has a snapshot to wait for it. */
    private static final Duration SIGNAL = Duration.ofMillis(500);

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
    private final Family.Company company;
    private final Consumer<String> says;

    /** Guarded by this; null until it was started. */
    private Process process;
    /** Guarded by this; null until it was started. */
    private Family family;
    /** Guarded by this: how it ends from now on is no longer its own doing. */
    private boolean ending;

    /**
     * Starts nothing yet.
     *
     * @param command a program and its arguments
     * @param company who is ended with it, beside its descendants: these are known only while their parents live
     * @param says a line for a person, where somebody cannot be ended; any thread
     * @throws IOException when there is no such program, with a sentence for a person
     */
    Program(List<String> command, Family.Company company, Consumer<String> says) throws IOException {
        this.name = command.get(0);
        if (!isThere(name)) {
            throw new IOException("there is no program " + name);
        }
        this.company = company;
        this.says = says;
        this.builder = new ProcessBuilder(command);
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

    /** What was given as the program. */
    String name() {
        return name;
    }

    /** What it is started with; errors go where those of this process go. */
    ProcessBuilder builder() {
        return builder;
    }

    /** @throws IOException with a sentence for a person */
    Process start() throws IOException {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(this::end, "end of " + name));
        } catch (IllegalStateException e) {
            throw new IOException(name + " was not started: this process is ending", e);
        }
        synchronized (this) {
            if (ending) {
                throw new IOException(name + " was not started: this process is ending");
            }
            try {
                process = builder.start();
                family = new Family(name, process, company, says);
            } catch (IOException e) {
                throw new IOException(name + " cannot be started: " + e.getMessage(), e);
            }
            return process;
        }
    }

    /** Null until it was started. */
    synchronized Process process() {
        return process;
    }

    /** Whether {@link #end} has begun. */
    synchronized boolean isEnding() {
        return ending;
    }

    /**
     * In which way it has failed, when it has ended; empty: with 0, and of its own accord. A signal to the whole group may have told it
     * to end, too, and it may end with 0 on it, before this process has understood its own: that is waited for.
     *
     * @param all whether it seems to have done all that it was to do; else nothing is waited for
     */
    synchronized Optional<String> failure(boolean all) throws InterruptedException {
        int status = process.exitValue();
        if (status == 0 && all) {
            long until = System.nanoTime() + SIGNAL.toNanos();
            for (long left = SIGNAL.toNanos(); !ending && left > 0; left = until - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        }
        if (status == 0) {
            return ending ? Optional.of("was told to end") : Optional.empty();
        }
        return Optional.of(words(status));
    }

    /** Ends it, and what it started: see {@link Family#end}. */
    void end() {
        Family running;
        synchronized (this) {
            ending = true;
            notifyAll();
            running = family;
        }
        if (running != null) {
            running.end();
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
