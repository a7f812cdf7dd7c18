package io.mirrorbootstrap.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageMemoryTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 4095, 4096, 4097, 5000, 500_000, 1024 * 1024, 1024 * 1024 + 1})
    void hasSoManyBytesFromThePageOn(int bytes) {
        ByteBuffer memory = PageMemory.allocate(bytes);
        assertEquals(bytes, memory.capacity());
        assertEquals(0, memory.alignmentOffset(0, PageMemory.PAGE_BYTES));
    }
}
