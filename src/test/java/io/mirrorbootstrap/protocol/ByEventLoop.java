package io.mirrorbootstrap.protocol;

import java.util.Map;

import io.quarkus.test.junit.QuarkusTestProfile;

/** The event loop reads the sockets, where workers do by default: all must be the same. */
public final class ByEventLoop implements QuarkusTestProfile {

    @Override
    public Map<String, String> getConfigOverrides() {
        return Map.of("mirror-bootstrap.read-by-workers", "false");
    }
}
