package io.mirrorbootstrap.cli;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Compression;
import io.mirrorbootstrap.wire.ZstdEncoder;

/**
 * How chunks are compressed, as a person writes it: {@code none}, {@code auto}, {@code zstd} or {@code zstd:LEVEL}.
 *
 * @param compression empty: not at all
 */
record CompressionOption(Optional<Compression> compression) {

    static final CompressionOption NONE = new CompressionOption(Optional.empty());

    private static final Pattern ZSTD = Pattern.compile("zstd(?::([0-9]{1,2}))?");

    /** @throws IllegalArgumentException when it is none of these, with a message for a person */
    static CompressionOption parse(String text) {
        Matcher zstd = ZSTD.matcher(text);
        if (text.equals("none")) {
            return NONE;
        } else if (text.equals("auto")) {
            return new CompressionOption(Optional.of(Compression.AUTO));
        } else if (zstd.matches()) {
            int level = zstd.group(1) == null ? Compression.USUAL_LEVEL : Integer.parseInt(zstd.group(1));
            if (level >= 1 && level <= ZstdEncoder.MAX_LEVEL) {
                return new CompressionOption(Optional.of(new Compression(level, false)));
            }
        }
        throw new IllegalArgumentException(
                Text.quoted(text) + " must be none, auto, zstd, or zstd:LEVEL with a level from 1 to "
                        + ZstdEncoder.MAX_LEVEL);
    }
}
