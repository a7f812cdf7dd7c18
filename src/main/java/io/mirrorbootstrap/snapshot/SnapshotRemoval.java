package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;
import java.util.function.Predicate;

/** One wish to remove the committed snapshot; see {@link SnapshotReceiver#removeSnapshot}. */
record SnapshotRemoval(Reception reception, Principal who, Optional<Predicate<CommittedSnapshot>> isMeant) {

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
        directory.disk().remove(SnapshotNames.snapshot(database));
        committed.ifPresent(snapshot -> reception.events().tell(new TransferEvent.Removed(snapshot)));
        directory.commits().forget(database);
        return new Removal.Done();
    }
}
