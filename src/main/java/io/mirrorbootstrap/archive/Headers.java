package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.time.Instant;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipEncoding;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;

/**
 * What stands in front of a member: a header of POSIX, and one of pax in front of that where a name or a number does not fit, or the time
 * is no whole second. It is the same for the same member, whoever packs it and when.
 */
final class Headers {

    /** What is as long as the last blocks of an archive, and is nothing. */
    static final int END_BYTES = 1024;

    private static final ZipEncoding UTF_8 = ZipEncodingHelper.getZipEncoding(StandardCharsets.UTF_8);
    private static final int NANO_DIGITS = 9;
    private static final int PERMISSIONS = 0644;

    private Headers() {
    }

    /** Whole blocks. */
    static ByteBuffer of(Member member) throws IOException {
        byte[] records = records(member).getBytes(StandardCharsets.UTF_8);
        int extended = records.length == 0 ? 0 : Blocks.BYTES + records.length + Blocks.fill(records.length);
        ByteBuffer blocks = ByteBuffer.allocate(extended + Blocks.BYTES);
        if (extended > 0) {
            TarArchiveEntry pax = entry("./PaxHeaders", TarConstants.LF_PAX_EXTENDED_HEADER_LC, PERMISSIONS, 0, 0,
                    Instant.EPOCH);
            pax.setSize(records.length);
            blocks.put(block(pax)).put(records);
        }
        Facts facts = member.facts();
        TarArchiveEntry entry = entry(member.name(), type(member.kind()), facts.permissions(), facts.uid(), facts.gid(),
                facts.modified());
        entry.setLinkName(member.target());
        entry.setSize(member.bytes());
        return blocks.position(extended).put(block(entry)).flip();
    }

    private static TarArchiveEntry entry(String name, byte type, int permissions, long uid, long gid,
            Instant modified) {
        TarArchiveEntry entry = new TarArchiveEntry(name, type, true);
        entry.setMode(permissions);
        entry.setUserId(uid);
        entry.setGroupId(gid);
        entry.setUserName(""); // the numbers count: names are those of this machine
        entry.setGroupName("");
        entry.setLastModifiedTime(FileTime.from(Instant.ofEpochSecond(modified.getEpochSecond())));
        return entry;
    }

    private static byte[] block(TarArchiveEntry entry) throws IOException {
        byte[] block = new byte[Blocks.BYTES];
        entry.writeEntryHeader(block, UTF_8, false); // what does not fit is cut, or 0: pax has it
        return block;
    }

    private static String records(Member member) {
        Facts facts = member.facts();
        StringBuilder records = new StringBuilder();
        addText(records, "path", member.name());
        addText(records, "linkpath", member.target());
        addNumber(records, "size", member.bytes(), TarConstants.MAXSIZE);
        addNumber(records, "uid", facts.uid(), TarConstants.MAXID);
        addNumber(records, "gid", facts.gid(), TarConstants.MAXID);
        Instant time = facts.modified();
        if (time.getNano() > 0) {
            add(records, "mtime", BigDecimal.valueOf(time.getEpochSecond())
                    .add(BigDecimal.valueOf(time.getNano(), NANO_DIGITS)).stripTrailingZeros().toPlainString());
        } else {
            addNumber(records, "mtime", time.getEpochSecond(), TarConstants.MAXSIZE);
        }
        return records.toString();
    }

    private static void addText(StringBuilder records, String key, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > TarConstants.NAMELEN || bytes.length > value.length()) {
            add(records, key, value);
        }
    }

    private static void addNumber(StringBuilder records, String key, long value, long most) {
        if (value < 0 || value > most) {
            add(records, key, String.valueOf(value));
        }
    }

    /** With its own length in front, which counts the digits of the length, too. */
    private static void add(StringBuilder records, String key, String value) {
        String record = " " + key + "=" + value + "\n";
        int bytes = record.getBytes(StandardCharsets.UTF_8).length;
        int length = bytes;
        while (length < bytes + String.valueOf(length).length()) {
            length = bytes + String.valueOf(length).length();
        }
        records.append(length).append(record);
    }

    private static byte type(Member.Kind kind) {
        return switch (kind) {
            case DIRECTORY -> TarConstants.LF_DIR;
            case FILE -> TarConstants.LF_NORMAL;
            case SYMBOLIC_LINK -> TarConstants.LF_SYMLINK;
            case HARD_LINK -> TarConstants.LF_LINK;
        };
    }
}
