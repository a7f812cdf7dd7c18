package io.mirrorbootstrap.protocol;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;

/** The rules of a transfer where the event loop reads. */
@QuarkusTest
@TestProfile(ByEventLoop.class)
class TransferByEventLoopTest extends WebSocketTransferTest {
}
