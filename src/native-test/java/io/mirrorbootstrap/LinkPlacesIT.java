package io.mirrorbootstrap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import io.mirrorbootstrap.protocol.RawClient;
import io.mirrorbootstrap.protocol.Upgrade;
import io.mirrorbootstrap.wire.ErrorCode;
import io.mirrorbootstrap.wire.JsonMessages;

/** How many links may be open, and when the place of one is free again. */
class LinkPlacesIT extends WithSidecar {

    @Test
    void noMoreLinksAreOpenThanAllowed() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "2"));
        RawClient one = new RawClient(sidecar.uri());
        RawClient two = new RawClient(sidecar.uri());
        assertEquals(503, upgradeStatus());
        one.close();
        patiently().until(() -> upgradeStatus() == 101);
        two.close();
    }

    @Test
    void aLinkHasItsPlaceAsLongAsItsSocketIsThere() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "2"));
        TestSnapshot snapshot = TestSnapshot.random("orders", 10);
        RawClient successor = new RawClient(sidecar.uri());
        try (PlainSocket superseded = PlainSocket.to(sidecar.uri()).upgraded()) {
            superseded.write(Frame.text(snapshot.open()).bytes());
            TestSnapshot.opened(JsonMessages.answer(Frame.read(superseded.in()).text()));
            snapshot.opened(successor);
            TestSnapshot.refused(ErrorCode.SUPERSEDED, JsonMessages.answer(Frame.read(superseded.in()).text()));

            // it has been told, and does not answer the close: its socket is there until that has taken too long
            int status = upgradeStatus();
            assertTrue(status == 503 || !superseded.isOpenFor(1), "HTTP " + status);
        }
        patiently().until(() -> upgradeStatus() == 101);
        successor.close();
    }

    @Test
    void sourcesThatAreGoneBeforeTheyAreUpgradedLeaveNothingBehind() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_MAX_LINKS", "2"));
        byte[] request = Upgrade.request("");
        for (int i = 0; i < 500; i++) {
            try (PlainSocket socket = PlainSocket.to(sidecar.uri())) {
                socket.resetAtClose().write(request);
            }
        }
        patiently().until(() -> upgradeStatus() == 101);
        patiently().until(() -> sidecar.metric("mirror_bootstrap_links") == 0);
        RawClient one = new RawClient(sidecar.uri());
        RawClient two = new RawClient(sidecar.uri());
        one.close();
        two.close();
    }

    @Test
    void aMessageThatComesInDropsIsGivenUp() throws Exception {
        start(Map.of("MIRROR_BOOTSTRAP_IDLE_TIMEOUT", "100MS"));
        RawClient client = new RawClient(sidecar.uri());
        byte[] longKey = {(byte) 0x89, (byte) 0xda, 0x75, 0x30, 'x'};
        for (int at = 0; !client.isClosed(); at = Math.min(at + 1, longKey.length - 1)) {
            client.frame(longKey, at, 1, false);
            TimeUnit.MILLISECONDS.sleep(20); // the drops are what is tested
        }
        assertEquals(1008, client.closeCode());
        assertLogged("a message takes longer than 1000 ms");
    }

    private int upgradeStatus() throws IOException {
        return status("/v1/bootstrap", "Host: localhost", Upgrade.HEADERS);
    }
}
