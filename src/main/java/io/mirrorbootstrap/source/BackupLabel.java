package io.mirrorbootstrap.source;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The head of a base backup of PostgreSQL in the format tar: its first file is {@code backup_label}, which says from where a standby has to
 * replay. Without state.
 */
final class BackupLabel {

    private static final int BLOCK = 512;

    private static final int NAME = 0;
    private static final int NAME_LENGTH = 100;
    private static final int SIZE = 124;
    private static final int SIZE_LENGTH = 12;
    private static final int CHECKSUM = 148;
    private static final int CHECKSUM_LENGTH = 8;
    private static final int TYPE = 156;
    private static final int MAGIC = 257;
    private static final int PREFIX = 345;

    private static final String POSIX = "ustar\0";
    private static final String GNU = "ustar ";

    /** Of the directory itself, which some programs put first. */
    private static final Set<String> OWN_DIRECTORY = Set.of(".", "./");

    private static final Set<String> NAMES = Set.of("backup_label", "./backup_label");

    private static final Pattern OCTAL = Pattern.compile(" *([0-7]{1,11})[ \0]*");

    private static final Pattern START = Pattern
            .compile("(?m)^START WAL LOCATION: (" + PostgresLsn.REGEX + ")(?=[ \r\n])");

    private BackupLabel() {
    }

    /** @param bytes the first ones, from 0 to the limit */
    static Optional<SnapshotHead> head(ByteBuffer bytes) {
        long at = 0;
        while (at + BLOCK <= bytes.limit() && isHeader(bytes, (int) at)) {
            int header = (int) at;
            long size = octal(bytes, header + SIZE, SIZE_LENGTH).orElse(-1);
            if (size < 0) {
                return Optional.empty();
            }
            char type = (char) (bytes.get(header + TYPE) & 0xff);
            String name = SnapshotHead.text(bytes, header + NAME, NAME_LENGTH).replaceFirst("(?s)\0.*", "");
            if ((type == '0' || type == '\0') && NAMES.contains(name)) {
                return start(SnapshotHead.text(bytes, header + BLOCK, (int) Math.min(size, SnapshotHead.BYTES)));
            }
            boolean isExtended = type == 'x' || type == 'g'; // what is said of the next file, or of all
            if (!isExtended && !(type == '5' && OWN_DIRECTORY.contains(name))) {
                return Optional.empty();
            }
            at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
        }
        return Optional.empty();
    }

    private static Optional<SnapshotHead> start(String label) {
        Matcher start = START.matcher(label);
        if (!start.find()) {
            return Optional.empty();
        }
        String position = start.group(1);
        OptionalLong lsn = PostgresLsn.parse(position);
        return lsn.isEmpty()
                ? Optional.empty()
                : Optional.of(new SnapshotHead(lsn.getAsLong(), Optional.of(position),
                        "this is a base backup of PostgreSQL, which starts at LSN " + position
                                + " by its backup_label"));
    }

    /** By its magic, and by the sum of its bytes, in which those of the sum itself are blanks. */
    private static boolean isHeader(ByteBuffer bytes, int at) {
        String magic = SnapshotHead.text(bytes, at + MAGIC, POSIX.length());
        if (!magic.equals(GNU) && !(magic.equals(POSIX) && bytes.get(at + PREFIX) == 0)) {
            return false;
        }
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            boolean isOfSum = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_LENGTH;
            sum += isOfSum ? ' ' : bytes.get(at + i) & 0xff;
        }
        return octal(bytes, at + CHECKSUM, CHECKSUM_LENGTH).equals(OptionalLong.of(sum));
    }

    private static OptionalLong octal(ByteBuffer bytes, int at, int length) {
        Matcher digits = OCTAL.matcher(SnapshotHead.text(bytes, at, length));
        return digits.matches() ? OptionalLong.of(Long.parseLong(digits.group(1), 8)) : OptionalLong.empty();
    }
}
