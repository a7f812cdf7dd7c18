package io.mirrorbootstrap.snapshot;

import java.util.Optional;

/** A source without a link. */
final class TestSource implements Source {

    private final Optional<String> provenCluster;
    private boolean gone;

    /** One that is believed. */
    TestSource() {
        this.provenCluster = Optional.empty();
    }

    /** One that may speak for a single cluster. */
    TestSource(String provenCluster) {
        this.provenCluster = Optional.of(provenCluster);
    }

    @Override
    public Optional<String> provenCluster() {
        return provenCluster;
    }

    /** Opens, as often as it takes until what an earlier process left has been read back. */
    static OpenOutcome open(SnapshotReceiver receiver, Source source, SnapshotIdentity identity) {
        OpenOutcome outcome = receiver.open(source, identity);
        while (outcome instanceof OpenOutcome.Verifying) {
            outcome = receiver.open(source, identity);
        }
        return outcome;
    }

    /** Begins a chunk, as often as it takes until what an earlier process left has been read back. */
    static IncomingChunk chunk(SnapshotReceiver receiver, Source source, SnapshotIdentity identity, long offset) {
        ChunkStart start = receiver.chunk(source, identity, offset);
        while (start instanceof ChunkStart.Verifying) {
            start = receiver.chunk(source, identity, offset);
        }
        return ((ChunkStart.Arriving) start).chunk();
    }

    /** Its link ends. */
    void leave() {
        gone = true;
    }

    @Override
    public void superseded(DatabaseId database) {
        gone = true;
    }

    @Override
    public boolean isGone() {
        return gone;
    }
}
