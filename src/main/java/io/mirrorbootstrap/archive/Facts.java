package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;

/**
 * What the file system says of a file, a link to another not followed.
 *
 * @param mode its type and permissions, as of {@code stat}
 * @param uid the number of its owner, 0 to 2^32-1
 * @param gid the number of its group, 0 to 2^32-1
 * @param size in bytes
 * @param modified when its bytes were written to last
 * @param links how many names it has
 */
record Facts(int mode, long uid, long gid, long size, Instant modified, long device, long inode, int links) {

    private static final String ALL = "unix:mode,uid,gid,size,lastModifiedTime,dev,ino,nlink";

    private static final int TYPE = 0170000;
    private static final int PERMISSIONS = 07777;

    /** What kinds of files there are. */
    enum Type {
        DIRECTORY(0040000), FILE(0100000), LINK(0120000), SOCKET(0140000), PIPE(0010000), DEVICE(0);

        private final int bits;

        Type(int bits) {
            this.bits = bits;
        }
    }

    /** @throws java.nio.file.NoSuchFileException when there is none */
    static Facts of(Path path) throws IOException {
        Map<String, Object> unix = Files.readAttributes(path, ALL, LinkOption.NOFOLLOW_LINKS);
        return new Facts((int) unix.get("mode"), Integer.toUnsignedLong((int) unix.get("uid")),
                Integer.toUnsignedLong((int) unix.get("gid")), (long) unix.get("size"),
                ((FileTime) unix.get("lastModifiedTime")).toInstant(), (long) unix.get("dev"), (long) unix.get("ino"),
                (int) unix.get("nlink"));
    }

    /** Of what is none of the others it is a device. */
    Type type() {
        for (Type type : Type.values()) {
            if (type.bits == (mode & TYPE)) {
                return type;
            }
        }
        return Type.DEVICE;
    }

    /** Without its type. */
    int permissions() {
        return mode & PERMISSIONS;
    }

    /**
     * What tells it from what it would be with other bytes, another place or other rights. Neither its number of names nor the time at which
     * that has changed is: a checkpoint of a database shares files with the database, which removes its own names of them.
     */
    String told() {
        long bytes = type() == Type.DIRECTORY ? 0 : size;
        return mode + " " + uid + " " + gid + " " + bytes + " " + modified.getEpochSecond() + "." + modified.getNano()
                + " " + device + " " + inode;
    }

    /** In what {@code now} is other, as a clause; it is. */
    String change(Facts now) {
        if (now.type() == type() && now.size != size && type() == Type.FILE) {
            return "it had " + size + " bytes, now it has " + now.size;
        } else if (now.inode != inode || now.device != device || now.type() != type()) {
            return "something else has its name now";
        } else if (!now.modified.equals(modified)) {
            return "it was modified at " + now.modified;
        }
        return "its owner or its permissions are others";
    }
}
