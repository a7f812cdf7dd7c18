package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One flat directory of plain files. A name is a file's name in it, without a path. Worker only, any number of threads.
 * <p>
 * What survives a power cut: the bytes of a file when {@link DiskFile#force} has returned after they were written; a file
 * under its name, and the absence of a removed one, when {@link #force} has returned after that change. Of what was not
 * forced, anything may be there or not.
 */
public interface Disk {

    /** Where the directory is, for people and for other programs. */
    Path path();

    /**
     * Makes the directory, if there is none.
     *
     * @throws IOException also when something else has its name
     */
    void make() throws IOException;

    /**
     * Takes the directory for this process, as long as it lives. Where it is not certain that nobody has it, this takes some
     * seconds.
     *
     * @return what {@link #keepLock} has to mend later, as the disk is full: a sentence, for the log
     * @throws IOException when another process has it
     */
    Optional<String> lock() throws IOException;

    /**
     * Looks whether what {@link #lock} left is still there, and puts it back: to be called every second, on a thread that may
     * hang with the disk. Does nothing before {@link #lock}.
     *
     * @return what had to be mended: a sentence, for the log
     * @throws DirectoryTakenException when another process has the directory meanwhile. From then on this one changes nothing in
     *             it: whatever would throws the same
     * @throws IOException when that cannot be told or mended now
     */
    Optional<String> keepLock() throws IOException;

    /**
     * Looks whether the directory is still the one that it was, and makes it again if it is gone, or something else has its
     * name: to be called every second, like {@link #keepLock}.
     *
     * @return what was found, if it is another directory than at the last call: a sentence, for the log
     */
    Optional<String> keepDirectory() throws IOException;

    /**
     * So many may be in the directory: several times what a thousand databases have, and few enough that a heap of 64 MiB holds what is
     * known of each.
     */
    int MAX_FILES = 20_000;

    /**
     * The names of all that is in the directory, plain file or not, in any order.
     *
     * @throws TooManyFilesException where there are more than {@link #MAX_FILES}
     */
    List<String> names() throws IOException;

    /** What is known of a plain file; empty when there is none of that name, or something that is no plain file. */
    Optional<FileFacts> facts(String name) throws IOException;

    /**
     * Looks whether those can read a file that was made here whom the directory above is meant for: whether it has the group which that one
     * passes on, if it does.
     *
     * @return what is to be done where it has another: a sentence, for the log
     */
    default Optional<String> otherGroup(String name) throws IOException {
        return Optional.empty(); // a disk without groups
    }

    /**
     * What a plain file holds.
     *
     * @param maxBytes no longer file is read
     * @return empty when there is no plain file of that name, or a longer one
     */
    Optional<byte[]> read(String name, int maxBytes) throws IOException;

    /**
     * Makes a new, empty file, to be read and written.
     *
     * @throws IOException also when the name is taken
     */
    DiskFile create(String name) throws IOException;

    /**
     * Makes a new, empty file that nobody else sees, and that is gone when it is closed, even by a crash.
     *
     * @param name to be used for an instant
     */
    DiskFile createUnnamed(String name) throws IOException;

    /**
     * Opens a plain file that is there.
     *
     * @param writable whether it may be written to
     * @throws java.nio.file.NoSuchFileException when there is none of that name
     * @throws IOException also when it is no plain file
     */
    DiskFile open(String name, boolean writable) throws IOException;

    /** Renames a file in one step, replacing what has the other name. */
    void rename(String from, String to) throws IOException;

    /** Removes what has this name, if anything has; a directory stays. */
    void remove(String name) throws IOException;

    /** Returns when all names that were given and taken before survive a power cut. */
    void force() throws IOException;

    /** How many bytes may still be written, 0 or more. */
    long usableBytes() throws IOException;

    /** Whether {@link #usableBytes} tells only some time after a force what that took. */
    default boolean countsLate() throws IOException {
        return false;
    }

    /** How many bytes the file system has, written or not; {@link Long#MAX_VALUE} when it does not tell. */
    long totalBytes() throws IOException;
}
