package io.mirrorbootstrap.protocol;

import java.util.Map;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;

/** The same as when workers read the sockets, where the event loop does. */
@QuarkusTest
@TestProfile(ReadByEventLoopTest.ByEventLoop.class)
class ReadByEventLoopTest extends WebSocketChunkTest {

    /** With the switch that says so. */
    public static final class ByEventLoop implements QuarkusTestProfile {

        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("mirror-bootstrap.read-by-workers", "false");
        }
    }
}
