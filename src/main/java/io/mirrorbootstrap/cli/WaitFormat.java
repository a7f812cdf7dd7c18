package io.mirrorbootstrap.cli;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.wire.HandedOver;

/** How a snapshot that is there is told to a script. */
enum WaitFormat {
    /** Path, LSN, CRC-32C, bytes and, where there is one, position, with tabs between; a position is for people to read. */
    TEXT {
        @Override
        String of(HandedOver snapshot) {
            return snapshot.path() + "\t" + snapshot.lsn() + "\t" + snapshot.crc32c() + "\t" + snapshot.bytes()
                    + snapshot.position().map(position -> "\t" + Text.readable(position)).orElse("");
        }
    },
    /** One object in one line. */
    JSON {
        @Override
        String of(HandedOver snapshot) {
            return snapshot.json();
        }
    },
    /** Assignments for {@code eval}: of one database, as variables have one value. */
    ENV {
        @Override
        String of(HandedOver snapshot) {
            return variables(snapshot).entrySet().stream()
                    .map(each -> assignment(each.getKey(), each.getValue()))
                    .collect(Collectors.joining(System.lineSeparator()));
        }
    };

    /** The variables that tell a snapshot, in the order in which they are printed; a position that is not known is empty. */
    static Map<String, String> variables(HandedOver snapshot) {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("MIRROR_SNAPSHOT_PATH", snapshot.path());
        variables.put("MIRROR_SNAPSHOT_LSN", String.valueOf(snapshot.lsn()));
        variables.put("MIRROR_SNAPSHOT_CRC32C", snapshot.crc32c().toString());
        variables.put("MIRROR_SNAPSHOT_BYTES", String.valueOf(snapshot.bytes()));
        variables.put("MIRROR_SNAPSHOT_POSITION", snapshot.position().orElse(""));
        return variables;
    }

    /** What is printed, without the end of its last line. */
    abstract String of(HandedOver snapshot);

    /** Whether it has the position of a snapshot as it is. */
    boolean hasPosition() {
        return this != TEXT;
    }

    /** What a person writes. */
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** @throws IllegalArgumentException when there is no such format, with a message for a person */
    static WaitFormat parse(String text) {
        return Arrays.stream(values()).filter(format -> format.word().equals(text)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is no format: it must be "
                        + Arrays.stream(values()).map(WaitFormat::word).collect(Collectors.joining(", "))));
    }

    /** In single quotes nothing but their end means anything to a shell. */
    private static String assignment(String name, String value) {
        return name + "='" + value.replace("'", "'\\''") + "'";
    }
}
