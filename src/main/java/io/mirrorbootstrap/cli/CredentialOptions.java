package io.mirrorbootstrap.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;

import io.mirrorbootstrap.access.Loopback;
import io.mirrorbootstrap.snapshot.Text;
import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.HttpProxy;
import io.mirrorbootstrap.store.Reason;

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

    @Option(names = "--proxy", paramLabel = "URL", description = "An HTTP proxy that leads to the sidecar (CONNECT): http://[USER:PASSWORD@]HOST[:PORT], or none. Default: as in https_proxy, http_proxy, all_proxy and no_proxy of the environment, but none for this machine itself.")
    private Optional<String> proxy;

    /** What only makes sense together. */
    static final class OwnCertificate {

        @Option(names = "--certificate", required = true, paramLabel = "FILE", description = "The certificate (PEM) to show the sidecar; with --key.")
        private Path certificate;

        @Option(names = "--key", required = true, paramLabel = "FILE", description = "Its key (PEM: PKCS#8, or OpenSSL's older forms for RSA and EC), without a password.")
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
                    + " cannot be used: " + Reason.of(e), e);
        }
        try {
            credentials.check();
        } catch (IOException e) {
            throw new ParameterException(command, e.getMessage(), e);
        }
        return credentials;
    }

    /** @throws ParameterException when there is to be a proxy, but it cannot be understood which */
    Optional<HttpProxy> proxy(CommandLine command, Endpoint endpoint) {
        try {
            if (proxy.isEmpty()) {
                return HttpProxy.of(System.getenv(), endpoint);
            }
            return proxy.filter(url -> !url.isEmpty() && !url.equals("none")).map(HttpProxy::parse);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, (proxy.isPresent() ? "--proxy: " : "") + e.getMessage(), e);
        }
    }

    void warnOfPlainText(Endpoint endpoint, PrintWriter err) {
        if (tokenFile.isPresent() && !endpoint.tls() && !Loopback.isAddressOf(endpoint.host())) {
            err.println(Text.line("mirror-bootstrap: the token can be read by all on the way to " + endpoint
                    + ": better use wss://"));
        }
    }
}
