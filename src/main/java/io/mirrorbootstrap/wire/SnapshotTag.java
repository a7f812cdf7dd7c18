package io.mirrorbootstrap.wire;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.CommittedSnapshot;

/** The strong validator of a snapshot, {@code "<crc32c>-<bytes>-<lsn>"}: the same bytes have the same, on each sidecar. */
public final class SnapshotTag {

    private static final Pattern LISTED = Pattern.compile("(?:W/)?(\"[^\"]*\")");

    private SnapshotTag() {
    }

    /** The tag of {@code snapshot}, with its quotes. */
    public static String of(CommittedSnapshot snapshot) {
        return String.format(Locale.ROOT, "\"%08x-%d-%d\"", snapshot.crc32c().unsigned(), snapshot.bytes(),
                snapshot.lsn());
    }

    /** Whether {@code header} has {@code tag} in its list, compared as {@code If-None-Match} is: weakly. */
    public static boolean isListed(String header, String tag) {
        if (header.strip().equals("*")) {
            return true;
        }
        Matcher listed = LISTED.matcher(header);
        while (listed.find()) {
            if (listed.group(1).equals(tag)) {
                return true;
            }
        }
        return false;
    }
}
