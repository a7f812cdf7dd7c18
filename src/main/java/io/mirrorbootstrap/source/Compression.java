package io.mirrorbootstrap.source;

import io.mirrorbootstrap.wire.ZstdEncoder;

/**
 * How chunks are compressed on a link whose sidecar takes that.
 *
 * @param level of zstd, from 1 to {@value ZstdEncoder#MAX_LEVEL}
 * @param isAdaptive whether what does not shrink is soon left as it is, and all while the link is faster than compressing
 */
public record Compression(int level, boolean isAdaptive) {

    /** The level of zstd's own program. */
    public static final int USUAL_LEVEL = 3;

    /** Where it is worth it. */
    public static final Compression AUTO = new Compression(USUAL_LEVEL, true);
}
