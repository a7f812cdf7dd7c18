package io.mirrorbootstrap.archive;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipEncoding;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;

/** One block of an archive that says what follows. */
final class Header {

    /** Far away from now, and still a time of files, in seconds. */
    private static final long MOST_SECONDS = 99_999_999_999L;

    private static final ZipEncoding UTF_8 = ZipEncodingHelper.getZipEncoding(StandardCharsets.UTF_8);
    private static final int NAME = 0;
    private static final int TARGET = 157;
    private static final int NAME_BYTES = 100;
    private static final int MAGIC = 257;
    private static final int PREFIX = 345;
    private static final int PREFIX_BYTES = 155;
    private static final int PERMISSIONS = 0777;

    /** How compressed files begin, each with what unpacks it. */
    private static final List<Map.Entry<String, String>> COMPRESSED = List.of(Map.entry("\u001f\u008b", "gzip"),
            Map.entry("\u0028\u00b5\u002f\u00fd", "zstd"), Map.entry("\u00fd7zXZ", "xz"), Map.entry("BZh", "bzip2"),
            Map.entry("\u0004\"\u004d\u0018", "lz4"));

    private final byte[] block;
    private final TarArchiveEntry entry;

    private Header(byte[] block, TarArchiveEntry entry) {
        this.block = block;
        this.entry = entry;
    }

    /**
     * @param isFirst whether it is the first block of all
     * @throws RefusedException when it is none
     */
    static Header of(byte[] block, boolean isFirst) throws RefusedException {
        try {
            TarArchiveEntry entry = new TarArchiveEntry(Map.of(), block, UTF_8, false);
            if (entry.isCheckSumOK() && entry.getSize() >= 0) {
                return new Header(block, entry);
            }
        } catch (IOException | IllegalArgumentException e) {
            // as with a wrong sum
        }
        throw new RefusedException(isFirst ? none(block) : "where a member begins, it has what is no header");
    }

    private static String none(byte[] block) {
        String begin = new String(block, StandardCharsets.ISO_8859_1);
        return COMPRESSED.stream().filter(each -> begin.startsWith(each.getKey())).findFirst()
                .map(each -> "it is compressed (" + each.getValue()
                        + "), and only a plain tar archive is unpacked: have a "
                        + "command unpack it, as with -- sh -c '" + each.getValue() + " -d | tar -xf - -C DIR'")
                .orElse("it is no tar archive");
    }

    /** What kind of block it is, by a letter or a digit of POSIX or GNU; {@code '\0'} of old archives. */
    char type() {
        return (char) (entry.getLinkFlag() & 0xff);
    }

    /** Of what follows, in bytes, 0 or more; unless {@code pax} says otherwise. */
    long size(PaxRecords pax) throws RefusedException {
        return pax.size().orElse(entry.getSize());
    }

    /**
     * What is said of the member that follows.
     *
     * @param pax what stands in front of it
     * @param longName the same, of GNU tar
     * @param longTarget the same, of GNU tar
     * @throws RefusedException when it is none that is unpacked
     */
    Entry entry(PaxRecords pax, Optional<String> longName, Optional<String> longTarget) throws RefusedException {
        Optional<String> told = pax.text("path").or(() -> longName);
        String name = told.isPresent() ? told.get() : name();
        if (pax.startingWith("GNU.sparse.").isPresent() || type() == TarConstants.LF_GNUTYPE_SPARSE) {
            throw new RefusedException(
                    name + " is stored as a sparse file, which is not unpacked: make the archive without "
                            + "--sparse");
        }
        String plain = MemberName.plain(name);
        Member.Kind kind = kind(name);
        long size = size(pax);
        if (kind != Member.Kind.FILE && size > 0) {
            throw new RefusedException(name + " is no file, and has " + size + " bytes");
        }
        boolean isLink = kind == Member.Kind.SYMBOLIC_LINK || kind == Member.Kind.HARD_LINK;
        Optional<String> leads = pax.text("linkpath").or(() -> longTarget);
        String target = leads.isPresent() ? leads.get() : isLink ? text(TARGET, NAME_BYTES) : "";
        Optional<Instant> exact = pax.modified();
        long seconds = entry.getLastModifiedTime().toInstant().getEpochSecond();
        if (exact.isEmpty() && Math.abs(seconds) > MOST_SECONDS) {
            throw new RefusedException(name + " has a time that no file has");
        }
        return new Entry(plain, kind, isLink ? target : "", entry.getMode() & PERMISSIONS,
                exact.orElse(Instant.ofEpochSecond(seconds)), size);
    }

    private Member.Kind kind(String name) throws RefusedException {
        return switch (type()) {
            case '0', '\0', '7' -> name.endsWith("/") ? Member.Kind.DIRECTORY : Member.Kind.FILE; // of old archives
            case '1' -> Member.Kind.HARD_LINK;
            case '2' -> Member.Kind.SYMBOLIC_LINK;
            case '5' -> Member.Kind.DIRECTORY;
            case '3', '4' -> throw new RefusedException(name + " is a device");
            case '6' -> throw new RefusedException(name + " is a named pipe");
            default -> throw new RefusedException(
                    name + " is of a kind that is not unpacked, '" + type() + "' in the archive");
        };
    }

    private String name() throws RefusedException {
        String name = text(NAME, NAME_BYTES);
        String prefix = isPosix() ? text(PREFIX, PREFIX_BYTES) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private boolean isPosix() {
        return new String(block, MAGIC, TarConstants.MAGICLEN, StandardCharsets.ISO_8859_1)
                .equals(TarConstants.MAGIC_POSIX);
    }

    /** Up to the first byte that is 0. Java's own decoders of archives put something else in the place of what is no UTF-8. */
    private String text(int from, int length) throws RefusedException {
        byte[] field = Arrays.copyOfRange(block, from, from + length);
        int end = 0;
        while (end < length && field[end] != 0) {
            end++;
        }
        return PaxRecords.utf8(field, 0, end);
    }
}
