package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What sources say of a trace, by the examples and rules of W3C Trace Context. */
class TraceContextTest {

    private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @Test
    void whatIsWellFormedIsPassedOn() {
        TraceContext context = read(PARENT, "rojo=00f067aa0ba902b7", "congo=t61rcWkgMzE").orElseThrow();
        assertEquals(PARENT, context.parent());
        assertEquals("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", context.state());
        assertEquals("", read(" " + PARENT).orElseThrow().state());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01,00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-\n0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01"})
    void whatIsMalformedCountsAsNothing(String parent) {
        assertEquals(Optional.empty(), read(parent));
        assertThrows(IllegalArgumentException.class, () -> new TraceContext(parent, ""));
    }

    @Test
    void twoParentsSayNothing() {
        assertEquals(Optional.empty(), TraceContext.read(List.of(PARENT, PARENT), List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "-what comes later"})
    void ofANewerFormThePartThatIsKnownCounts(String more) {
        assertEquals(PARENT, read("cc" + PARENT.substring(2) + more).orElseThrow().parent());
    }

    @Test
    void aStateThatIsTooLongOrNoTextIsPassedOver() {
        assertEquals(512, read(PARENT, "a=" + "x".repeat(510)).orElseThrow().state().length());
        assertEquals("", read(PARENT, "a=" + "x".repeat(511)).orElseThrow().state());
        assertEquals("", read(PARENT, "a=" + "x".repeat(255), "b=" + "x".repeat(255)).orElseThrow().state());
        assertEquals("", read(PARENT, "a=\u202e").orElseThrow().state());
        assertEquals("", read(PARENT, "a=\r\nEvil: yes").orElseThrow().state());
    }

    private static Optional<TraceContext> read(String parent, String... states) {
        return TraceContext.read(List.of(parent), List.of(states));
    }
}
