package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

import io.mirrorbootstrap.access.Loopback;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;

import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of those commands that speak to a sidecar which may ask who they are. */
final class CredentialOptions {

    @Option(names = "--token-file", paramLabel = "FILE", description = "Holds the token that the sidecar asks for. Read each time it is shown.")
    private Optional<Path> tokenFile;

    @Option(names = "--ca", paramLabel = "FILE", description = "Certificates (PEM) of those who may vouch for the sidecar. Default: those that Java knows.")
    private Optional<Path> authorities;

    @ArgGroup(exclusive = false)
    private OwnCertificate own;

    /** What only makes sense together. */
    static final class OwnCertificate {

        @Option(names = "--certificate", required = true, paramLabel = "FILE", description = "The certificate (PEM) to show the sidecar; with --key.")
        private Path certificate;

        @Option(names = "--key", required = true, paramLabel = "FILE", description = "Its key (PEM, PKCS#8).")
        private Path key;
    }

    /** @throws ParameterException when a file cannot be used */
    Credentials read(CommandLine command) {
        Credentials credentials = new Credentials(tokenFile, authorities,
                Optional.ofNullable(own).map(pair -> new Credentials.Own(pair.certificate, pair.key)));
        try {
            credentials.token();
        } catch (IOException e) {
            throw new ParameterException(command, "--token-file " + tokenFile.orElseThrow()
                    + " cannot be used: " + Report.reason(e), e);
        }
        Stream.concat(authorities.stream(),
                Stream.ofNullable(own).flatMap(pair -> Stream.of(pair.certificate, pair.key)))
                .filter(path -> !Files.isReadable(path)).findFirst().ifPresent(path -> {
                    throw new ParameterException(command, path + " cannot be read");
                });
        return credentials;
    }

    void warnOfPlainText(Endpoint endpoint, PrintWriter err) {
        if (tokenFile.isPresent() && !endpoint.tls() && !Loopback.isAddressOf(endpoint.host())) {
            err.println(
                    "mirror-bootstrap: the token can be read by all on the way to " + endpoint + ": better use wss://");
        }
    }
}
