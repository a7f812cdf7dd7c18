package io.mirrorbootstrap.cli;

import io.mirrorbootstrap.source.Credentials;
import io.mirrorbootstrap.source.Endpoint;
import io.mirrorbootstrap.source.StatusClient;

import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options of the commands that ask a sidecar: by default the one of this machine. */
final class SidecarOptions {

    @Option(names = "--url", paramLabel = "URL", defaultValue = "http://localhost:8080", description = "The sidecar, as for send. Default: $MIRROR_BOOTSTRAP_URL, or http://localhost:8080.")
    private Endpoint endpoint;

    @Mixin
    private CredentialOptions credentials;

    /**
     * Who asks it; to be closed.
     *
     * @throws ParameterException when a file, or the proxy, cannot be used
     */
    StatusClient client(CommandLine command) {
        ClientLogging.quiet();
        credentials.warnOfPlainText(endpoint, command.getErr());
        Credentials read = credentials.read(command);
        return new StatusClient(endpoint, read, credentials.proxy(command, endpoint));
    }
}
