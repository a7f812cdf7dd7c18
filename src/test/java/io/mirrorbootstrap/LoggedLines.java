package io.mirrorbootstrap;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import org.jboss.logmanager.ExtLogRecord;

/** What is said in the log under one name, until this is closed. Any thread. */
public final class LoggedLines extends Handler implements AutoCloseable {

    private final Logger logger;
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    public LoggedLines(String name) {
        this.logger = Logger.getLogger(name);
        setLevel(Level.ALL);
        logger.setLevel(Level.ALL); // whatever a test before has done to its parents
        logger.addHandler(this);
    }

    /** All lines, in their order. */
    public List<String> all() {
        return List.copyOf(lines);
    }

    /** Forgets them. */
    public void clear() {
        lines.clear();
    }

    /** How many lines have {@code part} in them. */
    public long with(String part) {
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
        logger.setLevel(null);
    }
}
