package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

import io.mirrorbootstrap.access.Loopback;
import io.mirrorbootstrap.snapshot.Crc32c;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.HeaderFile;
import io.mirrorbootstrap.source.HttpProxy;
import io.mirrorbootstrap.source.SnapshotInput;
import io.mirrorbootstrap.source.SourceUrl;
import io.mirrorbootstrap.source.UrlInput;
import io.mirrorbootstrap.store.Reason;

import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** How a snapshot is read that is on a server of HTTP. */
final class SourceUrlOptions {

    static final String HEADER_FILE = "--header-file";
    static final String AUTHORITIES = "--source-ca";

    @Option(names = HEADER_FILE, paramLabel = "FILE", description = "Headers that the server of a URL asks for, one a line, Name: value. Read again for each connection; shown to that server alone.")
    private Optional<Path> headers;

    @Option(names = AUTHORITIES, paramLabel = "FILE", description = "Certificates (PEM) of those who may vouch for the server of a URL. Default: those that Java knows.")
    private Optional<Path> authorities;

    /** Whether there is one of them. */
    boolean isPresent() {
        return headers.isPresent() || authorities.isPresent();
    }

    /**
     * Asks for what is at {@code url}; what may go away by itself is waited out.
     *
     * @throws ParameterException when it cannot be read, or an option cannot be used
     */
    SnapshotInput open(CommandLine command, String url, Optional<Crc32c> known, Duration patience)
            throws InterruptedException {
        try {
            SourceUrl from = SourceUrl.parse(url);
            new Credentials(Optional.empty(), authorities, Optional.empty()).check();
            if (headers.isPresent()) {
                check(new HeaderFile(headers.get()));
                warnOfPlainText(from, command);
            }
            Optional<HttpProxy> proxy = HttpProxy.of(System.getenv(), from.server());
            return open(from, proxy, command, known, patience);
        } catch (IOException | IllegalArgumentException e) {
            throw new ParameterException(command,
                    e instanceof IOException failure ? Reason.of(failure) : e.getMessage(),
                    e);
        }
    }

    private SnapshotInput open(SourceUrl from, Optional<HttpProxy> proxy, CommandLine command, Optional<Crc32c> known,
            Duration patience) throws InterruptedException {
        try {
            return UrlInput.open(from, headers.map(HeaderFile::new), authorities, proxy, known, patience,
                    (pause, why) -> command.getErr().println(Text
                            .line("mirror-bootstrap: " + why + "; trying again in " + Quantities.duration(pause))));
        } catch (IOException e) {
            throw new ParameterException(command, "FILE " + from + " cannot be opened: " + Reason.of(e), e);
        }
    }

    private static void check(HeaderFile file) throws IOException {
        try {
            file.read();
        } catch (IOException e) {
            throw new IOException(HEADER_FILE + ": " + e.getMessage(), e);
        }
    }

    private static void warnOfPlainText(SourceUrl from, CommandLine command) {
        if (!from.server().tls() && !Loopback.isAddressOf(from.server().host())) {
            command.getErr().println(Text.line("mirror-bootstrap: the headers can be read by all on the way to " + from
                    + ": better use https://"));
        }
    }
}
