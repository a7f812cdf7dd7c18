package io.mirrorbootstrap.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What is at the name of a {@linkplain DirectoryLock lock file}.
 *
 * @param bytes its size
 * @param names how many it has
 * @param key tells it from every other file
 */
record LockFacts(boolean isRegular, boolean isDirectory, long bytes, long inode, int names, Object key) {

    private static final String FACTS = "unix:isRegularFile,isDirectory,size,ino,nlink,fileKey";

    /** Empty where there is nothing. A link is not followed, and nothing is opened. */
    static Optional<LockFacts> of(Path file) throws IOException {
        try {
            Map<String, Object> facts = Files.readAttributes(file, FACTS, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(new LockFacts((boolean) facts.get("isRegularFile"), (boolean) facts.get("isDirectory"),
                    (long) facts.get("size"), (long) facts.get("ino"), (int) facts.get("nlink"), facts.get("fileKey")));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    boolean isSame(LockFacts other) {
        return key.equals(other.key);
    }
}
