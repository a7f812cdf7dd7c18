package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Tells a full disk from a broken one. */
public final class DiskFull {

    private static final String FULL = "No space left on device";
    private static final String QUOTA = "Disk quota exceeded";

    /** A write to it fails with words of the locale that the process has. */
    private static final Path ALWAYS_FULL = Path.of("/dev/full");

    private DiskFull() {
    }

    /**
     * Whether the disk, or the quota on it, has no room left. The JDK has only the C library's words for it, which may be those
     * of any language.
     */
    public static boolean is(Throwable failure) {
        return failure instanceof IOException io && (says(io, FULL) || isQuota(io) || says(io, wordsHere()));
    }

    /** Whether it is not the disk but the quota on it that is used up, as far as that is said in English. */
    public static boolean isQuota(Throwable failure) {
        return failure instanceof IOException io && says(io, QUOTA);
    }

    /**
     * Whether {@code failure}, of a full disk, came when a file was to be made or renamed, not written to: what is missing is
     * room for a name or an inode then.
     */
    public static boolean isOfName(Throwable failure) {
        return failure instanceof FileSystemException;
    }

    private static boolean says(IOException failure, String words) {
        return !words.isEmpty() && String.valueOf(failure.getMessage()).contains(words);
    }

    /** Asked each time: it takes less than the write that failed, and nothing that was asked at a build is true here. */
    private static String wordsHere() {
        try (FileChannel full = FileChannel.open(ALWAYS_FULL, StandardOpenOption.WRITE)) {
            full.write(ByteBuffer.allocate(1));
            return "";
        } catch (FileSystemException e) {
            return ""; // there is no such device here
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
