package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Opens what may only be read. Where that is a pipe, put in the place of a file an instant ago, nobody can say for how long it
 * takes, and Java cannot ask the kernel not to wait: so a thread of its own opens it, and is left behind.
 */
final class TimedOpening {

    /** How it says that it has not tried: that says nothing about the file. */
    static final String NOT_OPENED = "is not opened: ";

    private static final long PATIENCE_SECONDS = 10;

    /** Threads that may be left behind at a time; each ends when somebody opens its pipe to write. */
    private static final Semaphore PLACES = new Semaphore(8);

    private TimedOpening() {
    }

    /** @throws IOException also when that takes longer than 10 seconds */
    static FileChannel toRead(Path file) throws IOException {
        if (!PLACES.tryAcquire()) {
            throw new FileSystemException(file.toString(), null,
                    NOT_OPENED + "too many others do not let themselves be");
        }
        FutureTask<FileChannel> opening = new FutureTask<>(() -> {
            try {
                return FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
            } finally {
                PLACES.release();
            }
        });
        Thread thread = new Thread(opening, "open");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (OutOfMemoryError e) { // no thread
            PLACES.release();
            throw new FileSystemException(file.toString(), null, NOT_OPENED + e.getMessage());
        }
        return await(opening, file);
    }

    private static FileChannel await(FutureTask<FileChannel> opening, Path file) throws IOException {
        try {
            return opening.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClosedByInterruptException();
        } catch (TimeoutException e) {
            throw new FileSystemException(file.toString(), null, "does not let itself be opened");
        }
    }
}
