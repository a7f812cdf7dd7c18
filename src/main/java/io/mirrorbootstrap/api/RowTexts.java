package io.mirrorbootstrap.api;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import io.mirrorbootstrap.mirror.Mirror;
import io.vertx.core.Vertx;

/**
 * Rows of the board as JSON, each made once for all watchers that are told it at about the same time. They are kept for a second at
 * most, also when nobody watches any more, and as UTF-8, which is half of what Java takes for most that are long. Any thread.
 */
@Singleton
class RowTexts {

    /** Behind that the rate in a text may not be true any more. */
    static final Duration COUNT_FOR = Duration.ofSeconds(1);

    /** Of all that are kept, in bytes: a thousand rows, or of those with the longest texts some two hundred. */
    static final int MAX_BYTES = 1024 * 1024;

    private final ObjectMapper json;
    private final Consumer<Runnable> afterAWhile;
    /** By the number of the change that made the row; these are guarded by this. */
    private final Map<Long, byte[]> made = new HashMap<>();
    private int bytes;
    private boolean isAWhileOn;

    @Inject
    RowTexts(ObjectMapper json, Vertx vertx) {
        this(json, action -> vertx.setTimer(COUNT_FOR.toMillis(), timer -> action.run()));
    }

    /** @param afterAWhile runs what it is given when {@link #COUNT_FOR} is over */
    RowTexts(ObjectMapper json, Consumer<Runnable> afterAWhile) {
        this.json = json;
        this.afterAWhile = afterAWhile;
    }

    /** One line. */
    String of(Mirror row) {
        return new String(made(row), StandardCharsets.UTF_8);
    }

    private synchronized byte[] made(Mirror row) {
        byte[] text = made.get(row.change());
        if (text == null) {
            text = text(row);
            keep(row.change(), text);
        }
        return text;
    }

    private void keep(long change, byte[] text) {
        if (bytes + text.length > MAX_BYTES) {
            clear(); // most are of rows that are others by now
        }
        made.put(change, text);
        bytes += text.length;
        if (!isAWhileOn) {
            isAWhileOn = true;
            afterAWhile.accept(this::forget);
        }
    }

    private synchronized void forget() {
        isAWhileOn = false;
        clear();
    }

    private void clear() {
        made.clear();
        bytes = 0;
    }

    /** What is kept now. */
    synchronized int bytes() {
        return bytes;
    }

    private byte[] text(Mirror row) {
        try {
            return json.writeValueAsBytes(MirrorView.of(row));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
