package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;
import java.util.function.Predicate;

/** One wish to remove the committed snapshot; see {@link SnapshotReceiver#removeSnapshot}. */
record SnapshotRemoval(Reception reception, Principal who, Optional<Predicate<CommittedSnapshot>> isMeant) {

    /** Both, or none where one is refused, or the snapshot cannot be removed. */
    Removal runWithTransfer() throws IOException {
        Optional<Refusal> refusal = Admission.refuseAbort(reception.phase(), who);
        if (refusal.isPresent()) {
            return new Removal.Refused(reception.events().refused(who, refusal.get()));
        }
        Removal removal = run();
        return removal instanceof Removal.Done ? reception.abort(who, Optional.empty()) : removal;
    }

    /** @throws IOException when it fails, or what has been removed may come back after a power cut: its records stay as long */
    Removal run() throws IOException {
        SnapshotDirectory directory = reception.directory();
        DatabaseId database = reception.database();
        reception.finishCommit();
        Optional<CommittedSnapshot> committed = directory.records().describing(database).map(Manifest::snapshot);
        Optional<Refusal> unknown = committed.isEmpty()
                ? reception.admission().refuseUnknown(who)
                : Optional.empty();
        Optional<Refusal> refusal = directory.letterCase().refuseRemoval(database).or(() -> unknown)
                .or(() -> Admission.refuseRemovalOf(committed, who));
        if (refusal.isPresent()) {
            return new Removal.Refused(reception.events().refused(who, refusal.get()));
        } else if (isMeant.isPresent() && committed.filter(isMeant.get()).isEmpty()) {
            return new Removal.Another();
        }
        directory.disk().force(); // a disk that does not do that now changes nothing
        directory.disk().remove(SnapshotNames.snapshot(database));
        committed.ifPresent(snapshot -> reception.events().tell(new TransferEvent.Removed(snapshot)));
        directory.commits().forget(database, committed.isPresent());
        return new Removal.Done();
    }
}
