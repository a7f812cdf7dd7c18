package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;

import org.junit.jupiter.api.Test;

class DescriptorsTest {

    @Test
    void whatIsEnoughIsNotTold() {
        assertEquals(Optional.empty(), Descriptors.lack(500, 116, 192, 64));
    }

    @Test
    void whatIsTooLittleIsToldWithItsParts() {
        assertEquals(
                Optional.of("the process may have 499 descriptors, and may need 500: 116 at rest, 192 for "
                        + "quarkus.http.limits.max-connections, 128 for mirror-bootstrap.max-links, 64 to spare: "
                        + "raise its limit (ulimit -n)"),
                Descriptors.lack(499, 116, 192, 64));
    }
}
