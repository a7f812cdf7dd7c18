package io.mirrorbootstrap.link;

/** Why a socket is not read for a while. */
enum PauseReason {
    /** Its link holds its share of what may be accepted but not yet written. */
    SHARE,
    /** All links together hold what may be. */
    BUDGET,
    /** All links together have brought what the ingest rate allows. */
    RATE
}
