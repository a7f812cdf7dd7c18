package io.mirrorbootstrap.store;

import java.io.IOException;
import java.util.List;

/** Tells that the process, its machine or its disk has too little of something from a file that is broken. */
public final class Shortage {

    /** Of descriptors (of the process, of the machine), of memory, of threads; in the C library's words, as far as these are English. */
    private static final List<String> WORDS = List.of("Too many open files", "Cannot allocate memory",
            TimedOpening.NOT_OPENED);

    private Shortage() {
    }

    /** Whether the failure says nothing about the file that it came with. */
    public static boolean is(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof OutOfMemoryError
                    || cause instanceof IOException && WORDS.stream().anyMatch(message::contains)) {
                return true;
            }
        }
        return DiskFull.is(failure);
    }
}
