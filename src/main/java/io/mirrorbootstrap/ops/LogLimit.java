package io.mirrorbootstrap.ops;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.logging.Filter;
import java.util.logging.LogRecord;

import org.jboss.logmanager.ExtLogRecord;

import io.mirrorbootstrap.mirror.CallerAtWork;
import io.quarkus.logging.LoggingFilter;

/**
 * Keeps a source that does the same without end from filling the log: lines that differ in their values only are printed {@value #BURST}
 * times at once and {@value #PER_SECOND} times a second from then on. The last one that is printed says that others follow,
 * the next one how many there were. Each caller has an allowance of its own. The thread that logs.
 */
@LoggingFilter(name = LogLimit.NAME)
public final class LogLimit implements Filter {

    /** As the configuration names it. */
    static final String NAME = "limit";

    static final int BURST = 100;
    static final int PER_SECOND = 10;

    /** Beyond so many kinds of lines the one that was printed longest ago is forgotten: some libraries put values into the text itself. */
    private static final int MAX_KINDS = 500;

    private static final long NANOS_FOR_ONE = TimeUnit.SECONDS.toNanos(1) / PER_SECOND;

    private final LongSupplier nanoTime;
    private final Map<Kind, Allowance> allowances = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Kind, Allowance> eldest) {
            return size() > MAX_KINDS;
        }
    };

    /** What lines have in common: that they are about one caller, too, lest it leaves out those about others. */
    private record Kind(String logger, int level, String text, Optional<String> caller) {
    }

    /** By the clock of this process. */
    public LogLimit() {
        this(System::nanoTime);
    }

    LogLimit(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Override
    public synchronized boolean isLoggable(LogRecord line) {
        long now = nanoTime.getAsLong();
        Kind kind = new Kind(line.getLoggerName(), line.getLevel().intValue(), line.getMessage(), CallerAtWork.get());
        Allowance allowance = allowances.computeIfAbsent(kind, same -> new Allowance(now));
        if (!allowance.take(now)) {
            return false;
        }
        allowance.tell(line);
        return true;
    }

    /** Of one kind of line: how many more may be printed now. */
    private static final class Allowance {

        private int left = BURST;
        private long countedNanos;
        private long leftOut;

        Allowance(long now) {
            countedNanos = now;
        }

        boolean take(long now) {
            long more = (now - countedNanos) / NANOS_FOR_ONE;
            left = (int) Math.min(BURST, left + more);
            countedNanos += more * NANOS_FOR_ONE;
            if (left == 0) {
                leftOut++;
                return false;
            }
            left--;
            return true;
        }

        /** Adds to the text, which may be a format: nothing of it may be one. */
        void tell(LogRecord line) {
            String more = "";
            if (leftOut > 0) {
                more = " [" + leftOut + " lines like this before it were left out]";
            } else if (left == 0) {
                more = " [of lines like this, at most " + PER_SECOND + " a second follow]";
            }
            leftOut = 0;
            if (!more.isEmpty() && line instanceof ExtLogRecord record) {
                record.setMessage(record.getMessage() + more, record.getFormatStyle());
            }
        }
    }
}
