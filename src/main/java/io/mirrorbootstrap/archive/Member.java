package io.mirrorbootstrap.archive;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * One member of an archive.
 *
 * @param path where it is
 * @param name in the archive: {@code ./} and its path below the directory, of a directory with a slash at its end
 * @param target of a link: what it leads to; else empty
 */
record Member(Path path, String name, Kind kind, String target, Facts facts) {

    /** What kinds of members there are. */
    enum Kind {
        DIRECTORY, FILE, SYMBOLIC_LINK, HARD_LINK
    }

    /** How many bytes stand behind its header, in bytes, without those that fill the last block. */
    long bytes() {
        return kind == Kind.FILE ? facts.size() : 0;
    }

    /** How many bytes fill the last block, in bytes. */
    int fillBytes() {
        return Blocks.fill(bytes());
    }

    /** 32 bytes that are others as soon as the member is another. */
    byte[] digest() {
        return sha256().digest(
                (name + "\0" + kind + "\0" + target + "\0" + facts.told()).getBytes(StandardCharsets.UTF_8));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("each Java has SHA-256", e);
        }
    }
}
