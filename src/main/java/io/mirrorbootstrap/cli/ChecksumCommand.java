package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.zip.CRC32C;

import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.FileStream;
import io.mirrorbootstrap.source.Progress.Phase;
import io.mirrorbootstrap.store.PageMemory;
import io.mirrorbootstrap.store.Reason;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Computes what {@code send --crc32c} is told in advance. */
@Command(name = ChecksumCommand.NAME, mixinStandardHelpOptions = true, versionProvider = VersionText.class, description = "Prints the CRC-32C (Castagnoli) of a file as 0x and 8 hex digits, its size in bytes and its name, with tabs between.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:it is printed",
        "1:this program failed unexpectedly, or standard output cannot be written",
        "2:the command line is wrong, or FILE cannot be opened",
        "5:FILE or standard input cannot be read, or was written to while it was being read"}, footer = {"",
                "Example:",
                "  mirror-bootstrap send base.tar --crc32c \"$(mirror-bootstrap checksum base.tar | cut -f1)\" ..."})
final class ChecksumCommand implements Callable<Integer> {

    static final String NAME = "checksum";

    private static final int READ_BYTES = 256 * 1024;
    private static final String STANDARD_INPUT = "-";

    @Parameters(index = "0", paramLabel = "FILE", description = "The file; - is standard input.")
    private Path file;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        boolean isStandardInput = file.toString().equals(STANDARD_INPUT);
        if (isStandardInput && !FileStream.isStandardInputOpen()) {
            return failed(ExitCode.USAGE, "standard input is closed, or cannot be read");
        } else if (!isStandardInput && Files.isDirectory(file)) {
            throw new ParameterException(spec.commandLine(), "FILE " + file + " is a directory");
        }
        FileStream input = isStandardInput ? FileStream.standardInput() : FileStream.of(file);
        try (ReadableByteChannel channel = open(input)) {
            return print(channel, input);
        } catch (IOException e) {
            return failed(ExitCode.INPUT, input.name() + " cannot be read: " + Reason.of(e));
        }
    }

    private ReadableByteChannel open(FileStream input) {
        try {
            return input.open();
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "FILE " + e.getMessage(), e);
        }
    }

    private int print(ReadableByteChannel channel, FileStream input) throws IOException {
        CRC32C crc = new CRC32C();
        long bytes = 0;
        try (ProgressDisplay progress = ProgressDisplay.on(spec.commandLine().getErr())) {
            ByteBuffer buffer = PageMemory.allocate(READ_BYTES);
            while (channel.read(buffer.clear()) >= 0) {
                bytes += buffer.flip().remaining();
                crc.update(buffer);
                progress.update(Phase.CHECKSUM, bytes, input.size());
            }
        }
        Optional<String> change = input.change(bytes);
        if (change.isPresent()) {
            return failed(ExitCode.INPUT, input.name() + " changed while it was being read: " + change.get());
        }
        spec.commandLine().getOut().printf(Locale.ROOT, "%s\t%d\t%s%n", Crc32c.of(crc), bytes,
                Text.field(file.toString()));
        return ExitCode.COMMITTED.number();
    }

    private int failed(ExitCode code, String message) {
        return Report.failed(spec.commandLine(), code, message);
    }
}
