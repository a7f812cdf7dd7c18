package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

import io.mirrorbootstrap.archive.Extraction;
import io.mirrorbootstrap.archive.RefusedException;
import io.mirrorbootstrap.cli.Handover.Opened;
import io.mirrorbootstrap.snapshot.CommittedFile;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.snapshot.Verification;
import io.mirrorbootstrap.source.Progress.Phase;
import io.mirrorbootstrap.store.Reason;
import io.mirrorbootstrap.wire.HandedOver;

import picocli.CommandLine;

/** Unpacks a snapshot that is a tar archive to a directory, which is there when all of it is right, or not at all. */
final class Extracting implements Recipient {

    private final CommandLine line;
    private final Path directory;
    private final WaitFormat format;
    private long read;
    /** Whether the directory has its place, though perhaps not for good. */
    private boolean isMade;

    /** The directory cannot be written: no fault of the snapshot. */
    private static final class NotWrittenException extends IOException {

        private static final long serialVersionUID = 1;

        NotWrittenException(IOException failure) {
            super(failure.getMessage(), failure);
        }
    }

    /**
     * Looks whether there is room for the directory, and removes what was left beside it.
     *
     * @param format of what is printed of the snapshot
     * @throws IOException when there is not, with a sentence
     */
    Extracting(CommandLine line, Path directory, WaitFormat format) throws IOException {
        this.line = line;
        this.directory = directory;
        this.format = format;
        Extraction.prepare(directory);
    }

    @Override
    public ExitCode take(Opened opened, Optional<Freeing> freeing) throws InterruptedException {
        HandedOver snapshot = opened.snapshot();
        ExitCode code;
        try (CommittedFile file = opened.file()) {
            code = unpack(file, snapshot);
        } catch (RefusedException e) {
            return failed(ExitCode.REFUSED,
                    snapshot.path() + " cannot be unpacked: " + e.getMessage() + ". " + nothing());
        } catch (NotWrittenException e) {
            return failed(ExitCode.COMMAND, e.getMessage() + ". " + nothing());
        } catch (IOException e) {
            return failed(ExitCode.REFUSED, snapshot.path() + " cannot be read: " + Reason.of(e) + ". " + nothing());
        }
        return code == ExitCode.COMMITTED && freeing.isPresent() && !Report.isLost(line) // else that is said at the end
                ? freeing.get().free(opened.file().snapshot())
                : code;
    }

    private ExitCode unpack(CommittedFile file, HandedOver snapshot) throws IOException {
        Optional<String> unreliable = Handover.unreliable(snapshot).filter(any -> format.hasPosition());
        if (unreliable.isPresent()) {
            return failed(ExitCode.REFUSED, unreliable.get());
        }
        try (Extraction extraction = begin()) {
            if (handOn(file, extraction) instanceof Verification.Different different) {
                return failed(ExitCode.REFUSED, snapshot.path() + " is not what its manifest says: "
                        + VerifyCommand.words(different) + ". " + nothing());
            }
            try {
                written(extraction::publish);
            } finally {
                isMade = extraction.isPublished();
            }
            line.getErr().println(Text.line("extracted: " + directory + " has the " + extraction.members()
                    + " files, directories and links of " + snapshot.path() + ", LSN " + snapshot.lsn() + ", CRC-32C "
                    + snapshot.crc32c()));
        }
        line.getOut().println(format.of(snapshot));
        line.getOut().flush();
        return ExitCode.COMMITTED;
    }

    private Extraction begin() throws NotWrittenException {
        try {
            return Extraction.begin(directory);
        } catch (IOException e) {
            throw new NotWrittenException(e);
        }
    }

    private Verification handOn(CommittedFile file, Extraction extraction) throws IOException {
        long total = file.snapshot().bytes();
        try (ProgressDisplay progress = ProgressDisplay.on(line.getErr())) {
            return file.handOn(slice -> {
                read += slice.remaining();
                written(() -> extraction.take(slice));
                progress.update(Phase.RESTORING, read, OptionalLong.of(total));
                return true;
            }).orElseThrow();
        }
    }

    /** What is done with the directory. */
    @FunctionalInterface
    private interface Writing {
        void run() throws IOException;
    }

    private static void written(Writing writing) throws IOException {
        try {
            writing.run();
        } catch (RefusedException e) {
            throw e;
        } catch (IOException e) {
            throw new NotWrittenException(e);
        }
    }

    private String nothing() {
        return isMade ? "It stays" : directory + " was not made";
    }

    private ExitCode failed(ExitCode code, String message) {
        Report.failed(line, code, message);
        return code;
    }

    /** What it has made beside the directory is gone already. */
    @Override
    public void close() {
        // nothing is open
    }
}
