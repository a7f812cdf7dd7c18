package io.mirrorbootstrap.tls;

/**
 * Bounds the records of one session that bring no bytes, once its handshake is over: requests for new keys (TLS 1.3), other handshakes
 * (TLS 1.2), alerts, nothing at all. Java keeps something of each message of a handshake as long as the session lives, answers it if
 * it is asked to, and takes thousands of them in one record. So there are few in a session, and none is longer than one message that
 * is needed. One thread at a time.
 */
public final class EmptyRecords {

    private static final int MOST = 64;

    /** With its header, in bytes: new keys take 27, the end of a session 24 or, in TLS 1.2, up to 90. */
    private static final int LONGEST = 96;

    /** So many bytes of a session pay for one record more. */
    private static final long BYTES_FOR_ONE = 64L * 1024 * 1024;

    private long come;
    private long brought;

    /** Counts what other records bring, in bytes. */
    void bring(long bytes) {
        brought += bytes;
    }

    /** Counts a record of {@code bytes} with its header that has brought nothing; false where that is too much. */
    public boolean mayCome(int bytes) {
        come++;
        return bytes <= LONGEST && come <= MOST + brought / BYTES_FOR_ONE;
    }
}
