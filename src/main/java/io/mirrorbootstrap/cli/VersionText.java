package io.mirrorbootstrap.cli;

import io.mirrorbootstrap.wire.Protocol;

import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class VersionText implements IVersionProvider {

    /** From the manifest of the jar; a native executable has none, there it was read when the image was built. */
    private static final String VERSION = VersionText.class.getPackage().getImplementationVersion();

    @Override
    public String[] getVersion() {
        return new String[]{"mirror-bootstrap " + (VERSION == null ? "(unpackaged)" : VERSION),
                "protocol " + Protocol.SUBPROTOCOL};
    }
}
