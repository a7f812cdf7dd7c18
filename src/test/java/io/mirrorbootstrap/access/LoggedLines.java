package io.mirrorbootstrap.access;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import org.jboss.logmanager.ExtLogRecord;

/** What one class says in the log, until this is closed. Any thread. */
final class LoggedLines extends Handler implements AutoCloseable {

    private final Logger logger;
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    LoggedLines(Class<?> speaker) {
        this.logger = Logger.getLogger(speaker.getName());
        logger.addHandler(this);
    }

    /** How many lines have {@code part} in them. */
    long with(String part) {
        return lines.stream().filter(line -> line.contains(part)).count();
    }

    @Override
    public void publish(LogRecord line) {
        lines.add(line instanceof ExtLogRecord formatted ? formatted.getFormattedMessage() : line.getMessage());
    }

    @Override
    public void flush() {
        // nothing waits
    }

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
