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

import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of those commands that speak to a sidecar which may ask who they are. */
final class CredentialOptions {

    private static final String TOKEN_FILE = "--token-file";
    private static final String CERTIFICATE = "--certificate";
    private static final String KEY = "--key";
    private static final String PROXY = "--proxy";

    @Option(names = TOKEN_FILE, paramLabel = "FILE", description = "Holds the token that the sidecar asks for. Read each time it is shown. Default: $MIRROR_BOOTSTRAP_TOKEN_FILE.")
    private Optional<Path> tokenFile;

    @Option(names = "--ca", paramLabel = "FILE", description = "Certificates (PEM) of those who may vouch for the sidecar. Default: $MIRROR_BOOTSTRAP_CA, or those that Java knows.")
    private Optional<Path> authorities;

    @Option(names = CERTIFICATE, paramLabel = "FILE", description = "The certificate (PEM) to show the sidecar; with --key. Default: $MIRROR_BOOTSTRAP_CERTIFICATE.")
    private Optional<Path> certificate;

    @Option(names = KEY, paramLabel = "FILE", description = "Its key (PEM: PKCS#8, or OpenSSL's older forms for RSA and EC), without a password. Default: $MIRROR_BOOTSTRAP_KEY.")
    private Optional<Path> key;

    @Option(names = PROXY, paramLabel = "URL", description = "An HTTP proxy that leads to the sidecar (CONNECT): http://[USER:PASSWORD@]HOST[:PORT], or none. Default: $MIRROR_BOOTSTRAP_PROXY, or as in https_proxy, http_proxy, all_proxy and no_proxy of the environment, but none for this machine itself.")
    private Optional<String> proxy;

    /** @throws ParameterException when a file cannot be used, or one of two that belong together is missing */
    Credentials read(CommandLine command) {
        if (certificate.isPresent() != key.isPresent()) {
            String there = certificate.isPresent() ? CERTIFICATE : KEY;
            throw wrong(command, there, there + " is there without " + (key.isPresent() ? CERTIFICATE : KEY)
                    + ", the two belong together", null);
        }
        Credentials credentials = new Credentials(tokenFile, authorities,
                certificate.map(file -> new Credentials.Own(file, key.orElseThrow())));
        try {
            credentials.token();
        } catch (IOException e) {
            throw wrong(command, TOKEN_FILE, TOKEN_FILE + ": " + e.getMessage(), e);
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
            throw proxy.isPresent()
                    ? wrong(command, PROXY, PROXY + ": " + e.getMessage(), e)
                    : new ParameterException(command, e.getMessage(), e);
        }
    }

    void warnOfPlainText(Endpoint endpoint, PrintWriter err) {
        if (tokenFile.isPresent() && !endpoint.tls() && !Loopback.isAddressOf(endpoint.host())) {
            err.println(Text.line("mirror-bootstrap: the token can be read by all on the way to " + endpoint
                    + ": better use wss://"));
        }
    }

    /** With the option, so that a value of the environment is told as such. */
    private static ParameterException wrong(CommandLine command, String option, String message, Throwable cause) {
        return new ParameterException(command, message, cause, command.getCommandSpec().findOption(option), null);
    }
}
