package io.mirrorbootstrap.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressBlockTest {

    @ParameterizedTest
    @CsvSource({"10.0.0.0/8, 10.1.2.3, true", "10.0.0.0/8, 11.1.2.3, false", "10.0.0.7, 10.0.0.7, true",
            "fd00::/8, fd12::1, true", "fd00::/8, fe80::1, false", "::1, 0:0:0:0:0:0:0:1, true",
            "0.0.0.0/0, 1.2.3.4, true",
            "0.0.0.0/0, ::1, false", "10.0.0.0/33, 10.0.0.0, false", "10.0.0.0/, 10.0.0.0, false"})
    void aBlockHasTheAddressesThatBeginAsItDoes(String block, String address, boolean contains) {
        assertEquals(contains, AddressBlock.parse(block).map(b -> b.contains(address)).orElse(false));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fe80::1%eth0", "fe80::1% lsn=1 forged", "::1%", "localhost", "", "1.2.3", "10.0.0.1:80"})
    void whatElseStandsThereIsNoAddress(String text) {
        assertFalse(AddressBlock.isAddress(text));
        assertEquals(Optional.empty(), AddressBlock.parse(text));
    }

    @Test
    void anAddressIsOne() {
        assertTrue(AddressBlock.isAddress("203.0.113.9"));
        assertTrue(AddressBlock.isAddress("2001:db8::1"));
    }
}
