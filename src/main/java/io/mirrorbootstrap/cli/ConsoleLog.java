package io.mirrorbootstrap.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.stream.Stream;

import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logmanager.ExtHandler;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.Level;
import org.jboss.logmanager.handlers.ConsoleHandler;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.StartupEvent;

/**
 * Gives the log on the console a {@link LogOutput}. Quarkus' own way, {@code quarkus.log.console.async}, drops lines in silence, asks the
 * filter on its own thread, which knows no caller, and loses what waits when the process ends.
 */
@Singleton
class ConsoleLog {

    private static final Duration PATIENCE = Duration.ofMillis(200);

    private final boolean isStandardError;
    private Optional<LogOutput> output = Optional.empty(); // set at the start

    ConsoleLog(@ConfigProperty(name = "quarkus.log.console.stderr", defaultValue = "false") boolean isStandardError) {
        this.isStandardError = isStandardError;
    }

    /** Before there are event loops that log. */
    void start(@Observes @Priority(0) StartupEvent event) {
        if (LaunchMode.current() == LaunchMode.NORMAL) { // else the log is not this program's alone
            console(LogManager.getLogManager().getLogger("").getHandlers()).findFirst().ifPresent(this::handOver);
        }
    }

    /** The process is about to end in a way that no shutdown hook sees. */
    void ends() {
        output.ifPresent(LogOutput::ends);
    }

    private static Stream<ConsoleHandler> console(Handler[] handlers) {
        return Stream.of(handlers).flatMap(each -> each instanceof ConsoleHandler console
                ? Stream.of(console)
                : each instanceof ExtHandler several ? console(several.getHandlers()) : Stream.empty());
    }

    private void handOver(ConsoleHandler console) {
        LogOutput lines = new LogOutput(
                new FileOutputStream(isStandardError ? FileDescriptor.err : FileDescriptor.out), PATIENCE,
                missing -> console.getFormatter().format(notice(missing)));
        output = Optional.of(lines);
        console.setOutputStream(lines);
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(lines::ends, "last lines of the log"));
        } catch (IllegalStateException e) {
            lines.ends(); // it is told to end while it starts
        }
    }

    private static ExtLogRecord notice(int missing) {
        return new ExtLogRecord(Level.WARN,
                missing + " lines of the log are missing here: nobody read it for a while", ConsoleLog.class.getName());
    }
}
