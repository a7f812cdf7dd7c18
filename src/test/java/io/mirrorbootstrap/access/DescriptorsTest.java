package io.mirrorbootstrap.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;

import org.junit.jupiter.api.Test;

class DescriptorsTest {

    @Test
    void whatIsEnoughIsNotTold() {
        assertEquals(Optional.empty(), Descriptors.lack(516, 116, 192, 64, 16));
    }

    @Test
    void whatIsTooLittleIsToldWithItsParts() {
        assertEquals(
                Optional.of("the process may have 515 descriptors, and may need 516: 116 at rest, 192 for "
                        + "quarkus.http.limits.max-connections, 128 for mirror-bootstrap.max-links, "
                        + "16 for mirror-bootstrap.max-bootstraps, 64 to spare: raise its limit (ulimit -n)"),
                Descriptors.lack(515, 116, 192, 64, 16));
    }

    /** One link may have them all. */
    @Test
    void eachTransferUnderWayHasAFile() {
        assertEquals(Optional.empty(), Descriptors.lack(1400, 116, 192, 64, 900));
        assertTrue(Descriptors.lack(1399, 116, 192, 64, 900).orElseThrow()
                .contains(" 900 for mirror-bootstrap.max-bootstraps"));
    }
}
