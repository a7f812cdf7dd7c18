package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.util.Optional;

import io.mirrorbootstrap.snapshot.Phase.Announced;
import io.mirrorbootstrap.snapshot.Phase.Kept;
import io.mirrorbootstrap.snapshot.Phase.UnderWay;
import io.mirrorbootstrap.snapshot.Phase.Verifying;
import io.mirrorbootstrap.snapshot.TransferEvent.DropReason;
import io.mirrorbootstrap.snapshot.TransferEvent.VerifyReason;
import io.mirrorbootstrap.store.FileFacts;

/**
 * One {@code open}: a source announces a snapshot, and goes on where the transfer of this very snapshot stands, whether
 * that is under way from another source or waits as a file.
 */
record Opening(Reception reception, Source source, Announcement snapshot) {

    /**
     * @param isSaid whether the source has said {@code open}, and not just gone on with a chunk: then it is enough that this very snapshot is
     *            committed already, and the source is asked whether it means it
     */
    OpenOutcome run(boolean isSaid) throws IOException {
        try {
            Optional<Refusal> ended = source.endedByOthers().answerToOpen(identity().database());
            return ended.isPresent() ? refused(ended.get()) : decide(isSaid);
        } finally {
            reception.giveBackPlace(); // if it was refused, or has failed
        }
    }

    private SnapshotIdentity identity() {
        return snapshot.identity();
    }

    private OpenOutcome decide(boolean isSaid) throws IOException {
        SnapshotIdentity identity = identity();
        if (source.isSuperseded()) { // what its successor has committed is not for it to speak of either
            return refused(new Refusal.Superseded(identity.database()));
        }
        reception.finishCommit();
        Phase phase = reception.phase();
        Optional<Refusal> forbidden = reception.admission().refuseSender(phase, source, identity);
        if (forbidden.isPresent()) {
            return refused(forbidden.get());
        }
        Optional<CommittedSnapshot> committed = directory().committed(identity.database());
        if (isSaid && committed.isPresent() && committed.get().is(identity)) {
            return new OpenOutcome.AlreadyCommitted(reception.note(committed.get(), snapshot.notes()),
                    directory().snapshot(identity.database()));
        }
        Optional<CommittedSnapshot> there = source.yields() ? reception.admission().committed() : Optional.empty();
        if (there.isPresent()) { // whichever it is: there is nothing to stand in for
            return new OpenOutcome.AlreadyCommitted(there.get(), directory().snapshot(identity.database()));
        }
        Optional<Refusal> unmeant = !isSaid || snapshot.isMeant()
                ? Optional.empty()
                : reception.admission().refuseUnmeant(phase, source, identity);
        if (unmeant.isPresent()) {
            return refused(unmeant.get());
        }
        Optional<FileFacts> partial = directory().disk().facts(SnapshotNames.partial(identity.database()));
        Optional<KeptTransfer> before = phase.kept().filter(transfer -> transfer.identity().isSame(identity))
                .map(transfer -> transfer.as(snapshot)); // another owner was refused above
        Optional<KeptTransfer> kept = before.map(transfer -> transfer.asFound(partial));
        Optional<Transfer> taken = phase.current().filter(transfer -> transfer.identity().isSame(identity));
        long offset = kept.isPresent() || taken.isPresent() ? phase.bytesDone() : 0;
        Optional<Refusal> refusal = reception.admission().enter(phase, source, identity, offset);
        if (refusal.isPresent()) {
            return refused(refusal.get());
        }
        reception.supersedeAllBut(source);
        if (taken.isPresent()) {
            return takeOver(taken.get());
        } else if (kept.isEmpty() || !kept.get().mayBeIn(partial)) {
            announce(kept.isPresent() ? DropReason.MISSING : DropReason.REPLACED);
            return new OpenOutcome.Opened(0, Crc32c.EMPTY);
        }
        reception.durability().recordAgain(kept.get().identity(), kept.get().accepted().notes(), Optional.empty());
        try {
            return resume(kept.get())
                    ? new OpenOutcome.Opened(offset, kept.get().accepted().crc32c())
                    : verify(kept.get(), before.get().known().isPresent() && !kept.equals(before));
        } catch (IOException e) {
            return reception.doubt(source, kept.get(), e);
        }
    }

    private SnapshotDirectory directory() {
        return reception.directory();
    }

    private OpenOutcome refused(Refusal refusal) {
        return new OpenOutcome.Refused(reception.events().refused(source.principal(), refusal));
    }

    /** @param isTouched whether the file is not as it was when it was known */
    private OpenOutcome verify(KeptTransfer kept, boolean isTouched) {
        if (isTouched || reception.phase() instanceof Kept) {
            reception.events().verifying(kept, isTouched ? VerifyReason.TOUCHED : VerifyReason.LEFT, source);
        }
        reception.become(new Verifying(source, kept));
        return new OpenOutcome.Verifying(kept.readBytes(), kept.accepted().bytes());
    }

    /**
     * A kept transfer goes on, with its file open again.
     *
     * @return false when it has to be read back before, all of it or the rest
     */
    private boolean resume(KeptTransfer kept) throws IOException {
        Optional<FileFacts> known = kept.verified();
        Optional<PartialFile> file = known.isEmpty()
                ? Optional.empty()
                : PartialFile.reopen(directory().disk(), directory().room(),
                        SnapshotNames.partial(identity().database()),
                        known.get(),
                        kept.accepted().bytes());
        file.ifPresent(open -> goOn(new Transfer(kept, open)));
        return file.isPresent();
    }

    /** The transfer of another link goes on, without the bytes of a chunk that is on its way there. */
    private OpenOutcome takeOver(Transfer transfer) throws IOException {
        transfer.isAnnounced(snapshot);
        transfer.cutBack(); // should that fail, the superseded link meets it too, and ends the transfer
        reception.durability().recordAgain(transfer.identity(), transfer.notes(), Optional.of(transfer));
        goOn(transfer);
        return new OpenOutcome.Opened(transfer.bytesDone(), transfer.crc());
    }

    private void goOn(Transfer transfer) {
        assert transfer.bytesDone() == reception.phase().bytesDone() : "an offset never runs back";
        reception.become(new UnderWay(source, transfer, true));
        reception.events().began(transfer, source);
    }

    private void announce(DropReason before) {
        Announcement again = reception.phase().announcement()
                .filter(said -> said.identity().isSame(identity()))
                .map(said -> new Announcement(identity(), snapshot.isMeant(),
                        said.notes().followedBy(snapshot.notes())))
                .orElse(snapshot);
        reception.replace(before, new Announced(source, again));
        reception.events().began(identity(), source);
    }
}
