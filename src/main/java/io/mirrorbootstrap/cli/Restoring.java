package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.cli.Handover.Opened;
import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.Verification;
import io.mirrorbootstrap.source.Progress.Phase;
import io.mirrorbootstrap.source.Restore;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.HandedOver;

import picocli.CommandLine;

/** Hands a snapshot to the command that restores it. */
final class Restoring implements Recipient {

    private final CommandLine line;
    private final Restore restore;
    /** In bytes. */
    private long read;
    /** In bytes: what is in the pipe when the command ends counts, too. */
    private long taken;

    /**
     * @param restore not started yet
     */
    Restoring(CommandLine line, Restore restore) {
        this.line = line;
        this.restore = restore;
    }

    /** Runs the command to its end. */
    @Override
    public ExitCode take(Opened opened, Optional<Freeing> freeing) throws InterruptedException {
        ExitCode code;
        try (CommittedFile file = opened.file(); restore) {
            code = run(file, opened.snapshot());
        } catch (IOException e) {
            return failed(ExitCode.REFUSED,
                    opened.snapshot().path() + " cannot be read: " + Reason.of(e) + ". "
                            + ended());
        }
        // the room of a file that is open is not free
        return code == ExitCode.COMMITTED && freeing.isPresent()
                ? freeing.get().free(opened.file().snapshot())
                : code;
    }

    private ExitCode run(CommittedFile file, HandedOver snapshot) throws IOException, InterruptedException {
        Optional<String> unreliable = Handover.unreliable(snapshot);
        if (unreliable.isPresent()) {
            return failed(ExitCode.REFUSED, unreliable.get());
        }
        try {
            restore.start(WaitFormat.variables(snapshot));
        } catch (IOException e) {
            return failed(ExitCode.USAGE, e.getMessage());
        }
        Optional<Verification> found = handOn(file);
        if (found.isPresent() && found.get() instanceof Verification.Different different) {
            restore.close(); // it is gone when this is told
            return failed(ExitCode.REFUSED, snapshot.path() + " is not what its manifest says: "
                    + VerifyCommand.words(different) + ". " + ended());
        }
        Optional<String> failure = restore.awaitEnd();
        if (failure.isPresent()) {
            return failed(ExitCode.COMMAND, restore.name() + " " + failure.get() + ", when it had " + amount(file)
                    + " of " + snapshot.path());
        }
        line.getErr().println(Text.line("restored: " + restore.name() + " has taken " + amount(file) + " of "
                + snapshot.path() + ", LSN " + snapshot.lsn() + ", CRC-32C " + snapshot.crc32c()
                + ", and ended with status 0"));
        return ExitCode.COMMITTED;
    }

    private Optional<Verification> handOn(CommittedFile file) throws IOException {
        long total = file.snapshot().bytes();
        try (ProgressDisplay progress = ProgressDisplay.on(line.getErr())) {
            return file.handOn(slice -> {
                int bytes = slice.remaining();
                restore.take(slice);
                read += bytes;
                taken += bytes - slice.remaining();
                progress.update(Phase.RESTORING, read, OptionalLong.of(total));
                return !restore.hasFailed();
            });
        }
    }

    private String amount(CommittedFile file) {
        long total = file.snapshot().bytes();
        return taken == total ? "all " + total + " bytes" : taken + " of " + total + " bytes";
    }

    private String ended() {
        return restore.name() + " has ended: what it has made of it must not be used";
    }

    private ExitCode failed(ExitCode code, String message) {
        Report.failed(line, code, message);
        return code;
    }

    @Override
    public void close() {
        restore.close();
    }
}
