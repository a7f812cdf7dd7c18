package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Tells a full disk from a broken one. */
public final class DiskFull {

    private static final String FULL = "No space left on device";
    private static final String QUOTA = "Disk quota exceeded";

    /** A write to it fails with words of the locale that the process has. */
    private static final Path ALWAYS_FULL = Path.of("/dev/full");

    private DiskFull() {
    }

    /**
     * Whether the disk, or the quota on it, has no room left: as the failure says, or what has caused it. The JDK has only the C
     * library's words for it, which may be those of any language.
     */
    public static boolean is(Throwable failure) {
        return in(failure).isPresent();
    }

    /** Whether it is not the disk but the quota on it that is used up, as far as that is said in English. */
    public static boolean isQuota(Throwable failure) {
        return in(failure).filter(io -> says(io, QUOTA)).isPresent();
    }

    /**
     * Whether {@code failure}, of a full disk, came when a file was to be made or renamed, not written to: what is missing is
     * room for a name or an inode then.
     */
    public static boolean isOfName(Throwable failure) {
        return in(failure).filter(FileSystemException.class::isInstance).isPresent();
    }

    /** The failure that says so, among {@code failure} and its causes. */
    private static Optional<IOException> in(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException io && (says(io, FULL) || says(io, QUOTA) || says(io, wordsHere()))) {
                return Optional.of(io);
            }
        }
        return Optional.empty();
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
