package io.mirrorbootstrap.protocol;

import jakarta.inject.Inject;

import io.quarkus.test.junit.QuarkusTest;

/** The rules of a chunk through a real port. */
@QuarkusTest
class WebSocketChunkTest extends ChunkScenarios {

    @Inject
    RealSidecar sidecar;

    @Override
    Sidecar sidecar() {
        return sidecar;
    }
}
