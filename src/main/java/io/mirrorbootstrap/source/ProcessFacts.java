package io.mirrorbootstrap.source;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What Linux tells of a process, whoever runs it.
 *
 * @param hasEnded it only waits for its parent to take notice
 * @param parent the process that has started it or, where that is gone, one above that
 * @param session the process that began its session, or 0 where that is none of this namespace
 * @param startTicks when it began, since the system did
 */
record ProcessFacts(boolean hasEnded, long parent, long session, long startTicks) {

    /** The fields of {@code /proc/PID/stat} behind the name of the program, which may have any bytes. */
    private static final int STATE = 0;
    private static final int PARENT = 1;
    private static final int SESSION = 3;
    private static final int THREADS = 17;
    private static final int START = 19;

    /** Empty: there is no such process, or none that this one may know of. */
    static Optional<ProcessFacts> of(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", String.valueOf(pid), "stat"),
                    StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            boolean isDefunct = fields[STATE].equals("Z") || fields[STATE].equals("X");
            return Optional.of(new ProcessFacts(
                    isDefunct && Long.parseLong(fields[THREADS]) <= 1, // others may go on where the first has ended
                    Long.parseLong(fields[PARENT]), Long.parseLong(fields[SESSION]), Long.parseLong(fields[START])));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
