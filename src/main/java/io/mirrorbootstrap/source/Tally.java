package io.mirrorbootstrap.source;

import java.time.Duration;

import io.mirrorbootstrap.snapshot.SnapshotIdentity;

/**
 * What it took to send a snapshot, over all its links.
 *
 * @param identity as it was announced
 * @param bytes payload that was sent, also more than once
 * @param took from the start to the end, also without a link
 * @param resumes how often it went on over a further link
 * @param resentBytes how many of {@code bytes} had been sent before
 * @param linkBytes what {@code bytes} have taken on the links: less, where chunks were compressed
 */
public record Tally(SnapshotIdentity identity, long bytes, Duration took, int resumes, long resentBytes,
        long linkBytes) {
}
