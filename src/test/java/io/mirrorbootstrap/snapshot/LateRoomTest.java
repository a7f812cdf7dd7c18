package io.mirrorbootstrap.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

class LateRoomTest {

    private long nanos;
    private final LateRoom room = new LateRoom(() -> nanos);

    @Test
    void whatIsWrittenIsTakenOnceWheneverItIsCounted() {
        assertEquals(1000, room.bytes(1000));
        room.written(300);
        assertEquals(700, room.bytes(1000), "not counted yet");
        assertEquals(700, room.bytes(700), "counted");
        room.written(300);
        assertEquals(400, room.bytes(600), "part of it");
        room.written(-100);
        assertEquals(500, room.bytes(700), "cut before it was counted");
    }

    @Test
    void whatOthersTakeCountsAtOnceAndWhatTheyGiveBackInTime() {
        room.bytes(1000);
        room.written(300);
        assertEquals(200, room.bytes(200));
        assertEquals(1200, room.bytes(1500));
        room.written(300);
        later(80);
        assertEquals(1400, room.bytes(2000), "both may be in it or not");
        later(80);
        assertEquals(2000, room.bytes(2000));
    }

    @Test
    void whatWasWrittenLongAgoIsCounted() {
        room.bytes(1000);
        room.written(900);
        later(200);
        assertEquals(1000, room.bytes(1000), "somebody has removed it");
    }

    private void later(int seconds) {
        nanos += TimeUnit.SECONDS.toNanos(seconds);
    }
}
