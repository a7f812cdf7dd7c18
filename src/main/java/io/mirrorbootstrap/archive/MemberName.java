package io.mirrorbootstrap.archive;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The names that strangers give to members: made plain, or refused. Without state. */
final class MemberName {

    /** No path is longer on Linux, in bytes. */
    private static final int MOST_BYTES = 4096;

    /** No name between two slashes is. */
    private static final int MOST_BYTES_OF_PART = 255;

    /** So that what has been made can be removed by one directory after another, each of which is open then. */
    private static final int MOST_PARTS = 256;

    private MemberName() {
    }

    /**
     * The path below the directory that is meant, without {@code .} and slashes that mean nothing.
     *
     * @param name as it is in the archive
     * @return empty for the directory itself
     * @throws RefusedException when it leads elsewhere, or is none
     */
    static String plain(String name) throws RefusedException {
        if (name.isEmpty() || name.indexOf('\0') >= 0
                || name.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES) {
            throw new RefusedException("it has a name that no file can have: " + name);
        } else if (name.startsWith("/")) {
            throw new RefusedException(name + " is an absolute name, which leads out of the directory");
        }
        List<String> parts = new ArrayList<>();
        for (String part : name.split("/")) {
            if (part.equals("..")) {
                throw new RefusedException(name + " leads out of the directory, or may");
            } else if (part.getBytes(StandardCharsets.UTF_8).length > MOST_BYTES_OF_PART) {
                throw new RefusedException("it has a name that no file can have: " + name);
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        if (parts.size() > MOST_PARTS) {
            throw new RefusedException("it has directories in more than " + MOST_PARTS + " others: " + name);
        }
        return String.join("/", parts);
    }

    /** The directory that has what has this plain name; empty: the directory itself. */
    static String parent(String plain) {
        return plain.substring(0, Math.max(0, plain.lastIndexOf('/')));
    }

    /** How many directories are above it, below the directory itself. */
    static int depth(String plain) {
        return (int) plain.chars().filter(c -> c == '/').count();
    }
}
