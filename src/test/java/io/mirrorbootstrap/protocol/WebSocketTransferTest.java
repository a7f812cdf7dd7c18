package io.mirrorbootstrap.protocol;

import jakarta.inject.Inject;

import io.quarkus.test.junit.QuarkusTest;

/** The rules of a transfer through a real port. */
@QuarkusTest
class WebSocketTransferTest extends TransferScenarios {

    @Inject
    RealSidecar sidecar;

    @Override
    Sidecar sidecar() {
        return sidecar;
    }
}
