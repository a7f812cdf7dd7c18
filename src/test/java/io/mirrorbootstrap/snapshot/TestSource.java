package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A source without a link. */
public final class TestSource implements Source {

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final Principal principal;
    private final String address = "192.0.2.1:" + NUMBERS.incrementAndGet();
    private final EndedByOthers endedByOthers = new EndedByOthers();
    private boolean gone;
    private boolean superseded;

    /** One that is believed. */
    public TestSource() {
        this(Principal.ANYBODY);
    }

    /** One that sends on behalf of somebody. */
    public TestSource(Principal principal) {
        this.principal = principal;
    }

    /** Whoever may speak for a single cluster. */
    static Principal cluster(String proven) {
        return new Principal(CallerId.NOBODY.with("cluster " + proven), Optional.of(proven), Optional.empty(), false,
                Optional.empty());
    }

    /** Whoever has the token of this name. */
    public static Principal token(String name) {
        return new Principal(CallerId.ofToken("token " + name), Optional.empty(), Optional.of(name), true,
                Optional.empty());
    }

    @Override
    public Principal principal() {
        return principal;
    }

    /** Opens, as often as it takes until what an earlier process left has been read back. */
    public static OpenOutcome open(SnapshotReceiver receiver, Source source, SnapshotIdentity identity) {
        return open(receiver, source, Announcement.of(identity));
    }

    /** As {@link #open(SnapshotReceiver, Source, SnapshotIdentity)}. */
    static OpenOutcome open(SnapshotReceiver receiver, Source source, Announcement snapshot) {
        OpenOutcome outcome = receiver.open(source, snapshot);
        while (outcome instanceof OpenOutcome.Verifying) {
            outcome = receiver.open(source, snapshot);
        }
        return outcome;
    }

    /** A snapshot that is meant, whatever speaks against it. */
    static Announcement meant(SnapshotIdentity identity) {
        return new Announcement(identity, true, Notes.NONE);
    }

    /** Fails unless the transfer goes on at {@code offset}. */
    public static void assertOpened(long offset, OpenOutcome outcome) {
        assertEquals(offset, assertInstanceOf(OpenOutcome.Opened.class, outcome).offset());
    }

    /** Begins a chunk, as often as it takes until what an earlier process left has been read back. */
    static IncomingChunk chunk(SnapshotReceiver receiver, Source source, SnapshotIdentity identity, long offset) {
        ChunkStart start = receiver.chunk(source, identity, offset);
        while (start instanceof ChunkStart.Verifying) {
            start = receiver.chunk(source, identity, offset);
        }
        return ((ChunkStart.Arriving) start).chunk();
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public EndedByOthers endedByOthers() {
        return endedByOthers;
    }

    /** Its link ends. */
    void leave() {
        gone = true;
    }

    @Override
    public void superseded(DatabaseId database, Source successor) {
        gone = true;
        superseded = true;
    }

    @Override
    public boolean isSuperseded() {
        return superseded;
    }

    @Override
    public boolean isGone() {
        return gone;
    }
}
