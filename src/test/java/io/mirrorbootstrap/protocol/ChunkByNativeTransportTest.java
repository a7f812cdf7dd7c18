package io.mirrorbootstrap.protocol;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;

import jakarta.inject.Inject;

import org.junit.jupiter.api.Test;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.vertx.core.Vertx;

/** The same as when workers read the sockets, where Netty has them in a native transport (epoll), out of their reach. */
@QuarkusTest
@TestProfile(ChunkByNativeTransportTest.ByEpoll.class)
class ChunkByNativeTransportTest extends WebSocketChunkTest {

    /** With the transport that is on the class path of tests only. */
    public static final class ByEpoll implements QuarkusTestProfile {

        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("quarkus.vertx.prefer-native-transport", "true");
        }
    }

    @Inject
    Vertx vertx;

    @Test
    void theTransportIsNative() {
        assertTrue(vertx.isNativeTransportEnabled());
    }
}
