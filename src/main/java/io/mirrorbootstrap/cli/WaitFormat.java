package io.mirrorbootstrap.cli;

import java.util.Arrays;
import java.util.Locale;
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
            return String.join(System.lineSeparator(), assignment("PATH", snapshot.path()),
                    assignment("LSN", String.valueOf(snapshot.lsn())),
                    assignment("CRC32C", snapshot.crc32c().toString()),
                    assignment("BYTES", String.valueOf(snapshot.bytes())),
                    assignment("POSITION", snapshot.position().orElse("")));
        }
    };

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
        return "MIRROR_SNAPSHOT_" + name + "='" + value.replace("'", "'\\''") + "'";
    }
}
