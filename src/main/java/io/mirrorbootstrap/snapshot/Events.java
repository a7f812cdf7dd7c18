package io.mirrorbootstrap.snapshot;

import java.util.Optional;

/** Tells the listener the changes of one database. Any thread. */
final class Events {

    private final DatabaseId database;
    private final TransferListener listener;

    Events(DatabaseId database, TransferListener listener) {
        this.database = database;
        this.listener = listener;
    }

    void tell(TransferEvent event) {
        listener.on(event);
    }

    /** A source has begun or goes on, after the bytes that {@code transfer} has accepted. */
    void began(Transfer transfer, Source source) {
        tell(new TransferEvent.Began(transfer.identity(), transfer.bytesDone(), transfer.durableBytes(),
                source.address(), source.trace()));
    }

    /** A source has begun a snapshot of which no byte is accepted. */
    void began(SnapshotIdentity identity, Source source) {
        tell(new TransferEvent.Began(identity, 0, 0, source.address(), source.trace()));
    }

    /** What is kept is read back before {@code source} goes on. */
    void verifying(KeptTransfer kept, TransferEvent.VerifyReason reason, Source source) {
        tell(new TransferEvent.Verifying(kept.identity(), kept.accepted().bytes(), reason, source.address()));
    }

    void kept(KeptTransfer kept, TransferEvent.KeptReason reason) {
        tell(new TransferEvent.Kept(kept.identity(), kept.accepted().bytes(), kept.durableBytes(), reason));
    }

    /** A message of {@code who} is refused; the transfer, if there is one, stays as it was. */
    Refusal refused(Principal who, Refusal refusal) {
        return refused(who, refusal, Optional.empty());
    }

    /** As {@link #refused(Principal, Refusal)}, with the failure of the sidecar that is the reason, if it is one. */
    Refusal refused(Principal who, Refusal refusal, Optional<Throwable> cause) {
        tell(new TransferEvent.Refused(database, who, refusal, cause));
        return refusal;
    }
}
