package io.mirrorbootstrap.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
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
@Command(name = "checksum", mixinStandardHelpOptions = true, versionProvider = VersionText.class, description = "Prints the CRC-32C (Castagnoli) of a file as 0x and 8 hex digits, its size in bytes and its name, with tabs between.", exitCodeListHeading = "%nExit codes:%n", exitCodeList = {
        "0:it is printed",
        "1:this program failed unexpectedly, or standard output cannot be written",
        "2:the command line is wrong, or FILE cannot be opened",
        "5:FILE or standard input cannot be read, or was written to while it was being read"}, footer = {"",
                "Example:",
                "  mirror-bootstrap send base.tar --crc32c \"$(mirror-bootstrap checksum base.tar | cut -f1)\" ..."})
final class ChecksumCommand implements Callable<Integer> {

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
        try (FileChannel channel = isStandardInput
                ? new FileInputStream(FileDescriptor.in).getChannel()
                : open()) {
            return print(channel, isStandardInput);
        } catch (IOException e) {
            return failed(ExitCode.INPUT, name(isStandardInput) + " cannot be read: " + Reason.of(e));
        }
    }

    private FileChannel open() {
        try {
            return FileChannel.open(file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), "FILE " + file + " cannot be opened: " + Reason.of(e), e);
        }
    }

    private int print(FileChannel channel, boolean isStandardInput) throws IOException {
        boolean isFile = !isStandardInput && Files.isRegularFile(file);
        // a file in /proc says that it has none
        OptionalLong size = isFile && channel.size() > 0 ? OptionalLong.of(channel.size()) : OptionalLong.empty();
        Optional<FileTime> modified = isFile ? Optional.of(Files.getLastModifiedTime(file)) : Optional.empty();
        CRC32C crc = new CRC32C();
        long bytes = 0;
        try (ProgressDisplay progress = ProgressDisplay.on(spec.commandLine().getErr())) {
            ByteBuffer buffer = PageMemory.allocate(READ_BYTES);
            while (channel.read(buffer.clear()) >= 0) {
                bytes += buffer.flip().remaining();
                crc.update(buffer);
                progress.update(Phase.CHECKSUM, bytes, size);
            }
        }
        if (size.isPresent() && size.getAsLong() != bytes) {
            return failed(ExitCode.INPUT, file + " changed while it was being read: it had " + size.getAsLong()
                    + " bytes, " + bytes + " were read");
        } else if (modified.isPresent() && !Files.getLastModifiedTime(file).equals(modified.get())) {
            return failed(ExitCode.INPUT, file + " changed while it was being read");
        }
        spec.commandLine().getOut().printf(Locale.ROOT, "%s\t%d\t%s%n", Crc32c.of(crc), bytes,
                Text.field(file.toString()));
        return ExitCode.COMMITTED.number();
    }

    private String name(boolean isStandardInput) {
        return isStandardInput ? "standard input" : file.toString();
    }

    private int failed(ExitCode code, String message) {
        spec.commandLine().getErr().println("mirror-bootstrap: " + message);
        return code.number();
    }
}
