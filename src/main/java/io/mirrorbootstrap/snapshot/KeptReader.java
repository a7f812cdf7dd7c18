package io.mirrorbootstrap.snapshot;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.concurrent.Executor;

import io.mirrorbootstrap.snapshot.Phase.Verifying;
import io.mirrorbootstrap.store.Disk;
import io.mirrorbootstrap.store.Interrupted;

/** Reads a kept transfer back for its source, one part at each call and without the lock, as long as nobody takes over. */
final class KeptReader {

    private final CurrentPhase phase;
    private final Guarded<Reception> reception;
    private final Disk disk;
    private final Executor helpers;

    KeptReader(CurrentPhase phase, Guarded<Reception> reception, Disk disk, Executor helpers) {
        this.phase = phase;
        this.reception = reception;
        this.disk = disk;
        this.helpers = helpers;
    }

    /**
     * Reads the next part, if it is read for {@code source} at all. A source that takes over meanwhile reads this part
     * again.
     *
     * What has been read to its end is forced, because it may be a copy: what goes on is told to be durable.
     *
     * @return the answer, where its source does not just ask again
     * @throws IOException when the disk cannot be read now, which says nothing about the transfer; it stays as it was
     */
    Optional<OpenOutcome> readFurther(Source source) throws IOException {
        Phase before = phase.now();
        if (!(before instanceof Verifying verifying && verifying.source() == source)) {
            return Optional.empty();
        }
        KeptTransfer.Outcome outcome;
        try {
            outcome = verifying.transfer().readFurther(disk, helpers);
        } catch (IOException e) {
            return reception.whenFree(held -> held.phase() == before
                    ? Optional.of(held.doubt(source, verifying.transfer(), e))
                    : Optional.empty()); // its file may have been removed meanwhile
        }
        KeptTransfer.Outcome durable = outcome instanceof KeptTransfer.Outcome.Read read
                && read.transfer().verified().isPresent() ? forced(read) : outcome;
        reception.doWhenFree(held -> {
            if (held.phase() == before) {
                held.readBack(source, durable);
            }
        });
        return Optional.empty();
    }

    /** Its name, too. Where nothing is dirty this costs nothing; where it fails, nobody knows what is on the disk. */
    private KeptTransfer.Outcome forced(KeptTransfer.Outcome.Read read) throws IOException {
        try {
            ReadBack.makeDurable(disk, SnapshotNames.partial(read.transfer().identity().database()));
            disk.force();
        } catch (NoSuchFileException e) {
            // removed since: whoever goes on with it finds that out
        } catch (NotForcedException e) {
            if (Interrupted.is(e)) {
                throw e;
            }
            return new KeptTransfer.Outcome.Useless(TransferEvent.DropReason.DAMAGED);
        }
        return read;
    }
}
