package io.mirrorbootstrap.wire;

import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;

/** The strong validator of a snapshot, {@code "<crc32c>-<bytes>-<lsn>"}: the same bytes have the same, on each sidecar. */
public final class SnapshotTag {

    private static final Pattern LISTED = Pattern.compile("((?i:W)/)?(\"[^\"]*\")");

    private SnapshotTag() {
    }

    /** The tag of {@code snapshot}, with its quotes. */
    public static String of(CommittedSnapshot snapshot) {
        return String.format(Locale.ROOT, "\"%08x-%d-%d\"", snapshot.crc32c().unsigned(), snapshot.bytes(),
                snapshot.lsn());
    }

    /** What {@code ifMatch}, the value of {@code If-Match}, says of a snapshot: its tags are compared strongly, a weak one is nobody's. */
    public static Predicate<CommittedSnapshot> meant(String ifMatch) {
        return snapshot -> isListed(ifMatch, of(snapshot), false);
    }

    /** The same of {@code ifNoneMatch}, the value of {@code If-None-Match}, whose tags are compared weakly. */
    public static Predicate<CommittedSnapshot> known(String ifNoneMatch) {
        return snapshot -> isListed(ifNoneMatch, of(snapshot), true);
    }

    private static boolean isListed(String header, String tag, boolean isWeakly) {
        if (header.strip().equals("*")) {
            return true;
        }
        Matcher listed = LISTED.matcher(header);
        while (listed.find()) {
            if (listed.group(2).equals(tag) && (isWeakly || listed.group(1) == null)) {
                return true;
            }
        }
        return false;
    }
}
