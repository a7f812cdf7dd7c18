package io.mirrorbootstrap.protocol;

import java.nio.file.Path;

import org.junit.jupiter.api.io.TempDir;

/** The rules of a transfer at the domain itself. */
class DomainTransferTest extends TransferScenarios {

    @TempDir
    Path data;

    @Override
    Sidecar sidecar() {
        return new DomainSidecar(data);
    }
}
