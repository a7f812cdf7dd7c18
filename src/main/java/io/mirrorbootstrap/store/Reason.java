package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Map;
import java.util.Optional;

/** Why something cannot be done with a file, in words: the JDK's own are the bare path for the most frequent reasons. */
public final class Reason {

    /** What the C library says, and what that means to the person who sends a snapshot. */
    private static final Map<String, String> KINDS = Map.of("File too large",
            "its file system, or a limit of its process, allows no file so large", "Read-only file system",
            "its file system can only be read", "Permission denied", "it may not write there",
            "Operation not permitted", "it may not write there", "put another in its place",
            "somebody has removed the file, or put another in its place, while it was being written");

    private Reason() {
    }

    /** A clause without the file's name, which the caller has said. */
    public static String of(Throwable failure) {
        if (failure instanceof NoSuchFileException e && e.getReason() == null) {
            return "there is no such file";
        } else if (failure instanceof AccessDeniedException e && e.getReason() == null) {
            return "permission denied";
        } else if (failure instanceof FileAlreadyExistsException e && e.getReason() == null) {
            return "something else has that name";
        } else if (failure instanceof NotDirectoryException e && e.getReason() == null) {
            return "it is no directory";
        } else if (failure instanceof DirectoryNotEmptyException) {
            return "it is not empty";
        } else if (failure instanceof FileSystemLoopException) {
            return "its symbolic links lead to themselves";
        } else if (failure instanceof FileSystemException e && e.getReason() != null) {
            return e.getReason();
        } else if (failure instanceof InvalidPathException e) {
            return e.getReason();
        }
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }

    /** What kind of failure of the disk it is, as a clause that names no file; empty when it is none that has a name. */
    public static Optional<String> kind(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof NotReadableException) {
                return Optional.of("it may not read what is there");
            }
            String words = cause instanceof AccessDeniedException ? "Permission denied" : String.valueOf(of(cause));
            Optional<String> found = cause instanceof IOException
                    ? KINDS.entrySet().stream().filter(each -> words.contains(each.getKey())).map(Map.Entry::getValue)
                            .findFirst()
                    : Optional.empty();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }
}
