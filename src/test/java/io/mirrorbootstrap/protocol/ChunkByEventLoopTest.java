package io.mirrorbootstrap.protocol;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;

/** The rules of a chunk where the event loop reads. */
@QuarkusTest
@TestProfile(ByEventLoop.class)
class ChunkByEventLoopTest extends WebSocketChunkTest {
}
