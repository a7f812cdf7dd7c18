package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;

/**
 * Who may do what with what is made: the same whatever the process' mask (umask) is. The mask only takes away, so nothing is
 * ever open to more than it shall be: what is missing is given afterwards.
 */
final class Modes {

    /** The user writes, the group reads. */
    static final FileAttribute<?> FILE = attribute("rw-r-----");

    /** The user makes files, the group lists and reads them. */
    static final FileAttribute<?> DIRECTORY = attribute("rwxr-x---");

    private static final int FILE_BITS = 0640;
    private static final int DIRECTORY_BITS = 0750;
    private static final int PERMISSIONS = 0777;
    private static final int SETGID = 02000;
    private static final int ALL = 07777;
    private static final String FACTS = "unix:mode,fileKey,isRegularFile";
    private static final String MODE = "unix:mode";
    private static final String GROUP = "unix:gid";

    private Modes() {
    }

    private static FileAttribute<?> attribute(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }

    /**
     * Gives a file that was made a moment ago with {@link #FILE} what the mask has taken. Not by its name: a process that may write to
     * the directory could have put a link to another file there. A file system that has no permissions of its own keeps what it
     * has.
     *
     * @param file open in this process, or nothing is done
     */
    static void mend(Path file) {
        try {
            Map<String, Object> facts = Files.readAttributes(file, FACTS, LinkOption.NOFOLLOW_LINKS);
            if ((boolean) facts.get("isRegularFile") && lacks((int) facts.get("mode"), FILE_BITS)) {
                Optional<Path> open = OpenFile.of(facts.get("fileKey"),
                        target -> target.endsWith(file.getFileName())); // what else is open may be on a disk that hangs
                if (open.isPresent()) {
                    Files.setAttribute(open.get(), MODE, FILE_BITS);
                }
            }
        } catch (IOException e) {
            // a mode that cannot be given is missed by readers of the file, not by this process
        }
    }

    /**
     * Makes a directory, and those above it that are missing: these are the operator's, and may be links. What it has made
     * survives a power cut.
     *
     * @throws IOException also when one of them is no directory
     */
    static void makeAll(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        if (directory.getParent() != null) {
            makeAll(directory.getParent());
        }
        try {
            make(directory);
            if (directory.getParent() != null) {
                PlainFile.forceNames(directory.getParent());
            }
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    /**
     * Makes a directory.
     *
     * @throws FileAlreadyExistsException when something has its name
     */
    static void make(Path directory) throws IOException {
        Files.createDirectory(directory, DIRECTORY);
        try {
            int mode = (int) Files.getAttribute(directory, MODE, LinkOption.NOFOLLOW_LINKS);
            if (lacks(mode, DIRECTORY_BITS)) { // what it has inherited, as the group of those above it, stays
                // but for setgid, which Linux takes where the user is not in that group: see Disk.otherGroup
                Files.setAttribute(directory, MODE, mode & ALL & ~PERMISSIONS | DIRECTORY_BITS,
                        LinkOption.NOFOLLOW_LINKS);
            }
        } catch (NoSuchFileException e) {
            throw e;
        } catch (IOException e) {
            // as for a file
        }
    }

    /** As {@link Disk#otherGroup}, of a file in {@code directory}. */
    static Optional<String> otherGroup(Path directory, Path file) throws IOException {
        Path above = directory.getParent();
        boolean isLost = passesItsGroupOn(above) && !passesItsGroupOn(directory)
                && !Files.getAttribute(above, GROUP).equals(Files.getAttribute(file, GROUP));
        return !isLost
                ? Optional.empty()
                : Optional.of(directory + " does not pass on the group of " + above
                        + " (setgid), which cannot read what is made in it: as root, chgrp -R it to that group and chmod g+s "
                        + "it. A user that is not in that group starts with umask 027: under 077 the bit is lost");
    }

    /** Whether what is made in {@code directory} gets its group. */
    private static boolean passesItsGroupOn(Path directory) throws IOException {
        return ((int) Files.getAttribute(directory, MODE) & SETGID) != 0;
    }

    private static boolean lacks(int mode, int bits) {
        return (mode & bits) != bits;
    }
}
