package io.mirrorbootstrap.protocol;

import java.nio.file.Path;

import org.junit.jupiter.api.io.TempDir;

/** The rules of a chunk at the domain itself. */
class DomainChunkTest extends ChunkScenarios {

    @TempDir
    Path data;

    @Override
    Sidecar sidecar() {
        return new DomainSidecar(data);
    }
}
